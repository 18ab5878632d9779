/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi.h"

#include "transport/status_map.h"
#include "transport/webapi_json.h"

/* Real answers have a tenth of this. */
#define FIND_MAX ((size_t)64 << 10)
#define CERTS_MAX ((size_t)1 << 20)
#define CLUSTERS_MAX ((size_t)2 << 20)

static RESULT check_status(const struct http_reply *reply)
{
    if (reply->status >= 200 && reply->status < 300)
        return NULL;
    char message[WEBAPI_JSON_ERROR_SIZE];
    return status_map_http(reply->status, webapi_json_error(buf_bytes(&reply->body), message));
}

static RESULT exchange(const struct webapi *api, struct http_request request, size_t max,
                       struct http_reply *ret)
{
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    request.host = api->host;
    TRY(http_exchange(api->stream, &request, max, api->ctx, &reply));
    TRY(check_status(&reply));
    *ret = reply;
    reply = (struct http_reply){0};
    return NULL;
}

RESULT webapi_discover(const struct webapi *api, struct webapi_find *ret)
{
    const struct http_request request = {.method = "GET", .path = "/webapi/find"};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    struct webapi_find find;
    struct mono asked = clock_mono(api->ctx->clock);
    TRY_CTX(exchange(api, request, FIND_MAX, &reply), "ask '%s' for /webapi/find", api->host);
    TRY_CTX(webapi_json_find(buf_bytes(&reply.body), &find), "ask '%s' for /webapi/find",
            api->host);
    find.date = reply.date;
    find.asked = asked;
    find.answered = clock_mono(api->ctx->clock);
    *ret = find;
    return NULL;
}

RESULT webapi_register(const struct webapi *api, enum webapi_server server,
                       const struct msg_register_request *request, struct msg_certs *ret)
{
    CLEANUP(secret_freep) struct secret *body = NULL;
    TRY(webapi_json_register(request, &body));
    const struct http_request post = {
        .method = "POST",
        .path = server == WEBAPI_PROXY ? "/v1/webapi/host/credentials" : "/v2/tokens/register",
        .content_type = "application/json",
        .body = secret_bytes(body),
    };
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY_CTX(exchange(api, post, CERTS_MAX, &reply), "join at '%s'", api->host);
    TRY_CTX(webapi_json_certs(buf_bytes(&reply.body), ret), "join at '%s'", api->host);
    return NULL;
}

RESULT webapi_remote_clusters(const struct webapi *api, struct strlist *ret)
{
    const struct http_request request = {.method = "GET", .path = "/v2/remoteclusters"};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY_CTX(exchange(api, request, CLUSTERS_MAX, &reply), "list leaf clusters at '%s'", api->host);
    TRY_CTX(webapi_json_remote_clusters(buf_bytes(&reply.body), ret), "list leaf clusters at '%s'",
            api->host);
    return NULL;
}
