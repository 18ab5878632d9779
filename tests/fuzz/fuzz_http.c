/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks http_exchange(), and webapi_discover(), webapi_register() and webapi_remote_clusters() on
 * top of it, with a peer that replies the input. The first byte says which of them, the second how
 * many bytes a read gives at most.
 */
#include "tests/fuzz/fuzz.h"
#include "transport/webapi.h"

#include <string.h>

#define BODY_MAX 4096

struct peer {
    struct bytes reply;
    size_t step;
};

static RESULT peer_read(void *arg, void *out, size_t len, const struct ctx *ctx, size_t *ret_n)
{
    struct peer *p = arg;
    (void)ctx;
    size_t n = p->reply.len < p->step ? p->reply.len : p->step;
    n = n < len ? n : len;
    if (n > 0)
        memcpy(out, p->reply.data, n);
    p->reply = (struct bytes){n > 0 ? p->reply.data + n : p->reply.data, p->reply.len - n};
    *ret_n = n;
    return NULL;
}

static RESULT peer_write(void *arg, const void *data, size_t len, const struct ctx *ctx)
{
    (void)arg, (void)data, (void)len, (void)ctx;
    return NULL;
}

static void attack_exchange(const struct webapi *api)
{
    static const struct http_request get = {.method = "GET", .path = "/find", .host = "proxy"};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    if (fuzz_is_accepted(http_exchange(api->stream, &get, BODY_MAX, api->ctx, &reply)))
        fuzz_check(reply.body.len <= BODY_MAX && reply.status >= 200, "a reply keeps its bounds");
}

static void attack_find(const struct webapi *api)
{
    static const struct address used = {.host = "proxy.example.com", .port = 443};
    struct webapi_find find;
    struct address address;
    if (!fuzz_is_accepted(webapi_discover(api, &find)))
        return;
    fuzz_is_accepted(webapi_find_web(&find, &used, &address));
    fuzz_is_accepted(webapi_find_ssh(&find, &used, &address));
    fuzz_is_accepted(webapi_find_kube(&find, &used, &address));
    fuzz_is_accepted(webapi_find_tunnel(&find, NULL, &used, &address));
}

static void attack_register(const struct webapi *api)
{
    static const struct msg_register_request request = {.token = "t", .role = "Bot"};
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    fuzz_is_accepted(webapi_register(api, WEBAPI_PROXY, &request, &certs));
}

static void attack_leaves(const struct webapi *api)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    fuzz_is_accepted(webapi_remote_clusters(api, &names));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    static void (*const attacks[])(const struct webapi *api) = {attack_exchange, attack_find,
                                                                attack_register, attack_leaves};
    struct bytes rest = {data, size};
    uint8_t choice = fuzz_take_byte(&rest), step = fuzz_take_byte(&rest);
    struct peer peer = {.reply = rest, .step = step > 0 ? step : SIZE_MAX};
    struct http_stream stream = {.read = peer_read, .write = peer_write, .arg = &peer};
    struct webapi api = {.stream = &stream, .host = "proxy.example.com", .ctx = &ctx};
    attacks[choice % (sizeof(attacks) / sizeof(attacks[0]))](&api);
    return 0;
}
