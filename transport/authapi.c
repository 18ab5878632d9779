/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/authapi.h"

#include "proto/method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Leaf clusters per page, and the most pages: a server whose list never ends is broken. */
#define PAGE_SIZE 200
#define PAGES_MAX 100

static RESULT ask(const struct authapi *api, const char *method, struct bytes request,
                  const struct ctx *ctx, struct buf *reply)
{
    struct channel_call call = {
        .method = method,
        .request = request,
        .is_idempotent = true,
        .session = api->session,
    };
    return channel_unary(api->channel, &call, ctx, reply, NULL);
}

RESULT authapi_ping(const struct authapi *api, const struct ctx *ctx, struct msg_ping_reply *ret)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(ask(api, METHOD_PING, (struct bytes){0}, ctx, &reply));
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    TRY(msg_ping_reply_decode(buf_bytes(&reply), &ping));
    if (!*ping.cluster_name || !*ping.server_version)
        return err_new(ERR_PROTOCOL, "Ping: the server does not say its cluster or its version");
    channel_learn_version(api->channel, ping.server_version);
    *ret = ping;
    ping.memory = NULL;
    return NULL;
}

static RESULT parse_generation(const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0)
        return err_new(ERR_PROTOCOL, "label %s: '%s' is not a generation", MSG_LABEL_BOT_GENERATION,
                       text);
    *ret = value;
    return NULL;
}

RESULT authapi_generation(const struct authapi *api, const struct ctx *ctx, int64_t *ret)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(ask(api, METHOD_GET_CURRENT_USER, (struct bytes){0}, ctx, &reply));
    CLEANUP(msg_user_release) struct msg_user user = {0};
    TRY(msg_user_decode(buf_bytes(&reply), &user));
    const char *text = msg_user_label(&user, MSG_LABEL_BOT_GENERATION);
    if (!text)
        return err_new(ERR_NOT_FOUND, "user '%s': no label %s", user.name,
                       MSG_LABEL_BOT_GENERATION);
    return parse_generation(text, ret);
}

RESULT authapi_cluster_ca(const struct authapi *api, const struct ctx *ctx,
                          struct msg_cluster_ca *ret)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(ask(api, METHOD_GET_CLUSTER_CA_CERT, (struct bytes){0}, ctx, &reply));
    return msg_cluster_ca_decode(buf_bytes(&reply), ret);
}

RESULT authapi_impersonated_roles(const struct authapi *api, const char *role,
                                  const struct ctx *ctx, struct strlist *ret)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(msg_role_request_encode(&(struct msg_role_request){.name = role}, &request));
    TRY(ask(api, METHOD_GET_ROLE, buf_bytes(&request), ctx, &reply));
    CLEANUP(msg_role_release) struct msg_role m = {0};
    TRY(msg_role_decode(buf_bytes(&reply), &m));
    for (size_t i = 0; i < m.impersonate_roles.len; i++)
        TRY(strlist_add(ret, m.impersonate_roles.items[i]));
    return NULL;
}

RESULT authapi_ca(const struct authapi *api, const char *type, const char *cluster,
                  const struct ctx *ctx, struct msg_ca *ret)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    struct msg_ca_request m = {.type = type, .domain = cluster};
    TRY(msg_ca_request_encode(&m, &request));
    TRY(ask(api, METHOD_GET_CERT_AUTHORITY, buf_bytes(&request), ctx, &reply));
    return msg_ca_decode(buf_bytes(&reply), ret);
}

RESULT authapi_cas(const struct authapi *api, const char *type, const struct ctx *ctx,
                   struct msg_ca_list *ret)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(msg_ca_list_request_encode(&(struct msg_ca_list_request){.type = type}, &request));
    TRY(ask(api, METHOD_GET_CERT_AUTHORITIES, buf_bytes(&request), ctx, &reply));
    return msg_ca_list_decode(buf_bytes(&reply), ret);
}

/* One page; *token is replaced by the next page's. */
static RESULT leaf_page(const struct authapi *api, const struct ctx *ctx, char **token,
                        struct strlist *ret)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    struct msg_remote_clusters_request m = {.page_size = PAGE_SIZE, .page_token = *token};
    TRY(msg_remote_clusters_request_encode(&m, &request));
    TRY(ask(api, METHOD_LIST_REMOTE_CLUSTERS, buf_bytes(&request), ctx, &reply));
    CLEANUP(msg_remote_clusters_release) struct msg_remote_clusters page = {0};
    TRY(msg_remote_clusters_decode(buf_bytes(&reply), &page));
    for (size_t i = 0; i < page.names.len; i++)
        TRY(strlist_add(ret, page.names.items[i]));
    free(*token);
    *token = strdup(page.next_page_token);
    return *token ? NULL : err_nomem();
}

RESULT authapi_leaf_clusters(const struct authapi *api, const struct ctx *ctx, struct strlist *ret)
{
    CLEANUP(freep) char *token = NULL;
    for (int page = 0; page < PAGES_MAX; page++) {
        TRY(leaf_page(api, ctx, &token, ret));
        if (!*token)
            return NULL;
    }
    return err_new(ERR_PROTOCOL, "leaf clusters: more than %d pages", PAGES_MAX);
}

static RESULT networking(const struct authapi *api, const char *method, const struct ctx *ctx,
                         bool *ret)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(MSG_MAX);
    TRY(ask(api, method, (struct bytes){0}, ctx, &reply));
    CLEANUP(msg_networking_release) struct msg_networking m = {0};
    TRY(msg_networking_decode(buf_bytes(&reply), &m));
    *ret = m.multiplexed;
    return NULL;
}

RESULT authapi_is_multiplexed(const struct authapi *api, const struct ctx *ctx, bool *ret)
{
    struct err *e = networking(api, METHOD_GET_NETWORKING, ctx, ret);
    if (err_code(e) != ERR_UNIMPLEMENTED)
        return e;
    err_ignore(e, "version 15 has it under another name");
    return networking(api, METHOD_GET_NETWORKING_V15, ctx, ret);
}
