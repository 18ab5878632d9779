/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/conn.h"

#include <stdatomic.h>

struct conn {
    atomic_uint refs;
    struct pump *pump;
    struct grpc_link *link;
    struct credentials *creds;
    struct conn_listener listener;
};

static void release(struct conn *c)
{
    grpc_link_free(c->link); /* before the pump: what it still says is of use to the server */
    pump_free(c->pump);
    credentials_free(c->creds);
    free(c);
}

static void ended(void *arg)
{
    struct conn *c = arg;
    if (c->listener.ended)
        c->listener.ended(c->listener.arg, c);
}

RESULT conn_new(struct tls *tls, struct credentials *creds, struct conn_listener listener,
                struct conn **ret)
{
    struct conn *made = calloc(1, sizeof(*made));
    if (!made) {
        tls_free(tls);
        return err_nomem();
    }
    atomic_init(&made->refs, 1);
    made->listener = listener;
    CLEANUP(conn_freep) struct conn *c = made;
    int fd = -1;
    TRY(pump_new(tls, (struct pump_listener){ended, c}, &c->pump, &fd));
    TRY(grpc_link_new(fd, &c->link));
    c->creds = creds ? credentials_ref(creds) : NULL;
    *ret = TAKE(c);
    return NULL;
}

struct conn *conn_ref(struct conn *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void conn_free(struct conn *c)
{
    if (c && atomic_fetch_sub(&c->refs, 1) == 1)
        release(c);
}

bool conn_is_dead(const struct conn *c)
{
    return pump_has_ended(c->pump);
}

struct credentials *conn_credentials(const struct conn *c)
{
    return c->creds;
}

void conn_abort(struct conn *c)
{
    pump_abort(c->pump);
}

RESULT conn_explain(const struct conn *c, struct err *e)
{
    if (err_code(e) != ERR_UNAVAILABLE || !conn_is_dead(c))
        return e;
    e = err_wrap_as(pump_code(c->pump), e, "%s", pump_reason(c->pump));
    return pump_hint(c->pump) ? err_set_hint(e, "%s", pump_hint(c->pump)) : e;
}

RESULT conn_unary(struct conn *c, const struct grpc_request *request, const struct ctx *ctx,
                  struct buf *reply, char ret_version[VERSION_SIZE], bool *ret_written)
{
    uint64_t sent = pump_sent(c->pump);
    *ret_written = false;
    *ret_version = '\0';
    TRY(ctx_check(ctx));
    struct err *e = grpc_link_unary(c->link, request, ctx, reply, ret_version);
    /*
     * Whether gRPC wrote something is not to be had from it. Of one case we are sure: the pump has
     * ended, so it will not send any more, and sent nothing since before the call.
     */
    *ret_written = !(e && conn_is_dead(c) && pump_sent(c->pump) == sent);
    return e ? conn_explain(c, e) : NULL;
}

struct grpc_link *conn_link(const struct conn *c)
{
    return c->link;
}

int conn_end_fd(const struct conn *c)
{
    return pump_end_fd(c->pump);
}
