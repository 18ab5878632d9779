/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/serve_http.h"

#include "authority/say.h"
#include "authority/status.h"

#define REQUEST_TIMEOUT dur_s(30)

/* The client leaves, or we end. */
static RESULT wait_for_end(struct tls *tls, const struct ctx *ctx)
{
    char ignored[256];
    size_t n = 1;
    while (n)
        TRY(tls_read(tls, ignored, sizeof(ignored), ctx, &n));
    return NULL;
}

static RESULT respond_error(struct authority *a, struct tls *tls, const struct ctx *ctx, int status,
                            struct err *e)
{
    CLEANUP(err_freep) struct err *owned = e;
    CLEANUP(freep) char *text = err_text(owned);
    CLEANUP(buf_release) struct buf out = BUF_INIT(WEBAPI_MAX_REPLY);
    say("answered with %d: %s", status, text ? text : "out of memory");
    TRY(webapi_error(text ? text : "out of memory", &out));
    return http1_respond(tls, ctx, authority_time(a), status, buf_bytes(&out));
}

/* What goes wrong before the request is carried out. */
static RESULT faults_before(struct authority *a, const char *name, struct tls *tls,
                            const struct ctx *ctx, bool *ret_over)
{
    struct fault fault;
    const struct ctx for_ever = {ctx->clock, ctx->cancel, MONO_NEVER};
    *ret_over = true;
    if (authority_take_fault(a, FAULT_SLOW, name, &fault))
        TRY(ctx_sleep(&for_ever, dur_ms(fault.number)));
    if (authority_take_fault(a, FAULT_HANG, name, NULL))
        return wait_for_end(tls, &for_ever);
    if (authority_take_fault(a, FAULT_ERROR, name, &fault))
        return respond_error(a, tls, &for_ever, status_http_of_grpc((int)fault.number),
                             err_new(ERR_UNAVAILABLE, "%s", fault.text));
    *ret_over = false;
    return NULL;
}

RESULT serve_http(const struct serve_config *config, struct conn *conn, struct tls *tls,
                  enum webapi_port port, const struct peer *peer)
{
    struct authority *a = config->authority;
    const struct ctx whole = {config->clock, config->stop, MONO_NEVER};
    const struct ctx reading = ctx_until(&whole, REQUEST_TIMEOUT);
    CLEANUP(http1_request_release) struct http1_request request = {.body = NULL};
    CLEANUP(buf_release) struct buf out = BUF_INIT(WEBAPI_MAX_REPLY);
    TRY(http1_read(tls, &reading, &request));
    const char *name = webapi_name(&request);
    bool is_over = false;
    authority_count(a, name);
    TRY(faults_before(a, name, tls, &whole, &is_over));
    if (is_over)
        return NULL;
    struct err *e = webapi_handle(a, port, peer, &request, &out);
    /* A fault may have taken its time: the reply has its own. */
    const struct ctx replying = ctx_until(&whole, REQUEST_TIMEOUT);
    if (authority_take_fault(a, FAULT_CUT, name, NULL)) {
        err_ignore(e, "the client is not to know");
        conn_cut(conn);
        return NULL;
    }
    if (e)
        return respond_error(a, tls, &replying, status_http_of_err(err_code(e)), e);
    if (authority_take_fault(a, FAULT_WRONG_MESSAGE, name, NULL))
        return http1_respond(tls, &replying, authority_time(a), 200,
                             bytes_of_str("{\"this is\": not JSON"));
    return http1_respond(tls, &replying, authority_time(a), 200, buf_bytes(&out));
}
