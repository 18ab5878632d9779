/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi_dial.h"

#include "transport/dial.h"
#include "transport/route.h"

static struct err *dial(const struct address *proxy, bool insecure, const struct ctx *ctx,
                        struct tls **ret)
{
    struct route_tls tls;
    route_web(proxy, insecure, &tls);
    return dial_tls(proxy, &tls.config, ctx, ret);
}

RESULT webapi_dial_find(const struct address *proxy, bool insecure, const struct ctx *ctx,
                        struct webapi_find *ret)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    char host[ADDRESS_TEXT_SIZE];
    TRY(dial(proxy, insecure, ctx, &tls));
    const struct http_stream stream = http_tls_stream(tls);
    const struct webapi api = {&stream, address_format(proxy, host), ctx};
    TRY_CTX(webapi_discover(&api, ret), "proxy '%s'", host);
    return NULL;
}

RESULT webapi_dial_register(const struct address *proxy, bool insecure,
                            const struct msg_register_request *request, const struct ctx *ctx,
                            struct msg_certs *ret)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    char host[ADDRESS_TEXT_SIZE];
    TRY(dial(proxy, insecure, ctx, &tls));
    const struct http_stream stream = http_tls_stream(tls);
    const struct webapi api = {&stream, address_format(proxy, host), ctx};
    TRY_CTX(webapi_register(&api, WEBAPI_PROXY, request, ret), "proxy '%s'", host);
    return NULL;
}
