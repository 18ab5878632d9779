/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dial.h"
#include "transport/join_private.h"
#include "transport/webapi.h"

#define STREAM_SINCE 18

static RESULT dial_web(const struct join_attempt *a, struct tls **ret)
{
    struct route_tls route;
    route_web(&a->config->address, a->config->insecure, &route);
    return dial_tls(&a->config->address, &route.config, a->ctx, ret);
}

static RESULT find(const struct join_attempt *a, struct webapi_find *ret)
{
    char host[ADDRESS_TEXT_SIZE];
    CLEANUP(tls_freep) struct tls *tls = NULL;
    TRY(dial_web(a, &tls));
    struct http_stream stream = http_tls_stream(tls);
    struct webapi api = {
        .stream = &stream,
        .host = address_format(&a->config->address, host),
        .ctx = a->ctx,
    };
    return webapi_discover(&api, ret);
}

static struct err *dial_public_grpc(void *arg, struct credentials *creds, const struct ctx *ctx,
                                    struct tls **ret)
{
    const struct join_config *config = arg;
    (void)creds;
    struct route_tls route;
    route_join(&config->address, config->insecure, &route);
    return dial_tls(&config->address, &route.config, ctx, ret);
}

static RESULT join_stream(const struct join_attempt *a)
{
    CLEANUP(channel_freep) struct channel *ch = NULL;
    struct channel_config config = {
        .dial = dial_public_grpc, .arg = (void *)(uintptr_t)a->config, /* only read */
    };
    TRY(channel_new(&config, &ch));
    channel_learn_version(ch, a->result->server_version);
    return join_by_stream(a, ch);
}

/* The web API knows every version's joins; the stream may be missing, or its port be closed to us. */
static bool may_fall_back(const struct join_attempt *a, const struct err *e)
{
    if (a->result->token_may_be_used)
        return false;
    return err_code(e) == ERR_UNIMPLEMENTED || err_code(e) == ERR_UNAVAILABLE ||
           err_code(e) == ERR_PROTOCOL;
}

RESULT join_at_proxy(const struct join_attempt *a)
{
    struct webapi_find found;
    TRY(find(a, &found));
    join_note_server(a, found.cluster_name, found.server_version);
    a->result->suite = found.suite;
    if (found.server_major >= STREAM_SINCE) {
        struct err *e = join_stream(a);
        if (!e || !may_fall_back(a, e))
            return e;
        err_ignore(e, "the web API does it too");
    }
    struct tls *tls = NULL;
    TRY(dial_web(a, &tls));
    return join_by_http(a, tls, PATH_PROXY);
}
