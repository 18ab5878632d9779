/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/leaves.h"

#define GRPC_SINCE 16

static RESULT list_by_http(struct connector *c, struct credentials *creds, const struct ctx *ctx,
                           struct strlist *ret)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    TRY(connector_dial_http(c, creds, ctx, &tls));
    struct http_stream stream = http_tls_stream(tls);
    struct webapi api = {.stream = &stream, .host = ADDRESS_ANY_CLUSTER, .ctx = ctx};
    return webapi_remote_clusters(&api, ret);
}

RESULT leaves_list(struct connector *c, const struct authapi *api, unsigned server_major,
                   const struct ctx *ctx, struct strlist *ret)
{
    if (server_major >= GRPC_SINCE) {
        struct err *e = authapi_leaf_clusters(api, ctx, ret);
        if (err_code(e) != ERR_UNIMPLEMENTED)
            return e;
        err_ignore(e, "the server has it in the older form");
    }
    CLEANUP(credentials_freep) struct credentials *creds = channel_credentials(api->channel);
    if (!creds)
        return err_new(ERR_BUG, "leaf clusters without credentials");
    TRY_CTX(list_by_http(c, creds, ctx, ret), "leaf clusters");
    return NULL;
}
