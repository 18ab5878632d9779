/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/http1.h"

#include "base/secret.h"

#include <http_parser.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_TOTAL (HTTP1_MAX_BODY + 64 * 1024)
#define DATE_SIZE sizeof("Sun, 06 Nov 1994 08:49:37 GMT")

struct reading {
    struct buf target;
    struct secret *body;
    struct err *err;
    bool is_complete;
};

static void reading_release(struct reading *r)
{
    buf_release(&r->target);
    secret_free(r->body);
    err_free(r->err);
}

void http1_request_release(struct http1_request *r)
{
    secret_free(TAKE(r->body));
}

/* Keeps the error; anything but 0 stops the parser. */
static int keep(struct reading *r, struct err *e)
{
    r->err = e;
    return e != NULL;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
    struct reading *r = p->data;
    return keep(r, buf_add(&r->target, at, len));
}

static int on_body(http_parser *p, const char *at, size_t len)
{
    struct reading *r = p->data;
    return keep(r, secret_append(r->body, at, len));
}

static int on_message_complete(http_parser *p)
{
    struct reading *r = p->data;
    r->is_complete = true;
    /* What follows is not looked at. */
    http_parser_pause(p, 1);
    return 0;
}

static RESULT feed(http_parser *p, const void *data, size_t len)
{
    static const http_parser_settings settings = {
        .on_url = on_url, .on_body = on_body, .on_message_complete = on_message_complete};
    struct reading *r = p->data;
    size_t done = http_parser_execute(p, &settings, data, len);
    if (r->err)
        return TAKE(r->err);
    if (!r->is_complete && (done != len || p->upgrade))
        return err_new(ERR_PROTOCOL, "not an HTTP request we understand: %s",
                       http_errno_name(HTTP_PARSER_ERRNO(p)));
    return NULL;
}

static RESULT receive(struct tls *tls, const struct ctx *ctx, http_parser *p)
{
    char chunk[4096];
    const struct reading *r = p->data;
    size_t total = 0;
    while (!r->is_complete) {
        size_t n = 0;
        TRY(tls_read(tls, chunk, sizeof(chunk), ctx, &n));
        if (!n)
            return err_new(ERR_UNAVAILABLE, "the client left in the middle of a request");
        total += n;
        struct err *e = total > MAX_TOTAL ? err_new(ERR_REJECTED, "the request is too large")
                                          : feed(p, chunk, n);
        secret_wipe(chunk, n);
        TRY(e);
    }
    return NULL;
}

static RESULT take_target(const struct buf *target, char out[HTTP1_MAX_TARGET])
{
    size_t len = strcspn(buf_str(target), "?#");
    if (!len || len >= HTTP1_MAX_TARGET || buf_str(target)[0] != '/')
        return err_new(ERR_PROTOCOL, "not a path");
    memcpy(out, target->data, len);
    out[len] = '\0';
    return NULL;
}

RESULT http1_read(struct tls *tls, const struct ctx *ctx, struct http1_request *ret)
{
    CLEANUP(reading_release) struct reading r = {.target = BUF_INIT(HTTP1_MAX_TARGET)};
    http_parser parser;
    TRY(secret_with_room(HTTP1_MAX_BODY, &r.body));
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &r;
    TRY(receive(tls, ctx, &parser));
    TRY(take_target(&r.target, ret->path));
    snprintf(ret->method, sizeof(ret->method), "%s", http_method_str(parser.method));
    ret->body = TAKE(r.body);
    return NULL;
}

/* RFC 9110, 5.6.7; the locale is always C here. */
static void format_date(struct wall t, char out[DATE_SIZE])
{
    time_t seconds = (time_t)wall_to_unix(t);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

RESULT http1_respond(struct tls *tls, const struct ctx *ctx, struct wall now, int status,
                     struct bytes json)
{
    char date[DATE_SIZE];
    format_date(now, date);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(json.len + 512);
    TRY(buf_printf(&reply,
                   "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                   "Date: %s\r\nConnection: close\r\n\r\n",
                   status, http_status_str((enum http_status)status), json.len, date));
    TRY(buf_add(&reply, json.data, json.len));
    TRY(tls_write_all(tls, reply.data, reply.len, ctx));
    tls_shutdown(tls);
    return NULL;
}
