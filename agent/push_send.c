/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_send.h"

#include "transport/dial.h"
#include "transport/http_plain.h"
#include "transport/route.h"

#include <sys/socket.h>

#define REPLY_MAX ((size_t)64 * 1024)

/* How long Graphite may take to close; it does so at once, some relays never. */
#define QUIET_S 1

/* Until the peer's end. A connection that breaks here took some of the lines with it. */
static RESULT wait_for_end(const struct http_stream *s, const struct ctx *ctx)
{
    struct ctx brief = ctx_until(ctx, dur_s(QUIET_S));
    struct err *e = NULL;
    size_t n = 1;
    while (!e && n > 0) {
        char unread[256];
        e = s->read(s->arg, unread, sizeof(unread), &brief, &n);
    }
    if (err_code(e) != ERR_TIMEOUT)
        return e;
    err_ignore(e, "a peer that keeps quiet has not complained");
    return NULL;
}

static RESULT send_lines(const struct push_target *target, struct bytes text, const struct ctx *ctx)
{
    CLEANUP(closep) int fd = -1;
    TRY(dial_tcp(&target->address, ctx, &fd));
    const struct http_stream stream = http_plain_stream(&fd);
    TRY(stream.write(stream.arg, text.data, text.len, ctx));
    shutdown(fd, SHUT_WR);
    return wait_for_end(&stream, ctx);
}

static RESULT judge(const struct http_reply *reply)
{
    if (reply->status >= 200 && reply->status < 300)
        return NULL;
    struct err *e = err_new(ERR_REJECTED, "the answer is HTTP status %u", reply->status);
    if (reply->status >= 300 && reply->status < 400)
        return err_set_hint(e, "No redirect is followed: write where it leads as 'metrics.url'.");
    return e;
}

static RESULT post(const struct http_stream *stream, const struct push_target *target,
                   const char *host, struct bytes text, const struct ctx *ctx)
{
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct http_request request = {.method = "POST",
                                         .path = target->path,
                                         .host = host,
                                         .content_type = "application/json",
                                         .body = text};
    TRY(http_exchange(stream, &request, REPLY_MAX, ctx, &reply));
    return judge(&reply);
}

static RESULT post_over_tls(const struct push_target *target, const char *host, struct bytes text,
                            const struct ctx *ctx)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    struct route_tls route;
    route_web(&target->address, false, &route);
    TRY(dial_tls(&target->address, &route.config, ctx, &tls));
    const struct http_stream stream = http_tls_stream(tls);
    return post(&stream, target, host, text, ctx);
}

static RESULT post_plain(const struct push_target *target, const char *host, struct bytes text,
                         const struct ctx *ctx)
{
    CLEANUP(closep) int fd = -1;
    TRY(dial_tcp(&target->address, ctx, &fd));
    const struct http_stream stream = http_plain_stream(&fd);
    return post(&stream, target, host, text, ctx);
}

RESULT push_send(const struct push_target *target, struct bytes text, const struct ctx *ctx)
{
    char host[ADDRESS_TEXT_SIZE];
    struct err *e = NULL;
    address_format(&target->address, host);
    if (target->kind == PUSH_GRAPHITE)
        e = send_lines(target, text, ctx);
    else if (target->is_tls)
        e = post_over_tls(target, host, text, ctx);
    else
        e = post_plain(target, host, text, ctx);
    return e ? err_wrap(e, "sending metrics to '%s'", host) : NULL;
}
