/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_HTTP_H
#define TBOT_TRANSPORT_HTTP_H

/*
 * One HTTP/1.1 request and its reply over a connection that is used once.
 *
 *     const struct http_stream stream = http_tls_stream(tls);
 *     CLEANUP(http_reply_release) struct http_reply reply = {0};
 *     TRY(http_exchange(&stream, &request, MAX, ctx, &reply));
 *
 * Any status is a success here: whoever asked judges it. The request says "Connection: close", and
 * what the peer sends behind its reply is not looked at: free the connection afterwards.
 *
 * Limits: the head of the reply (with any interim 1xx replies in front of it) has at most
 * HTTP_HEAD_MAX bytes, the body at most what the caller allows.
 *
 * Errors: ERR_PROTOCOL (not HTTP, or over a limit), ERR_UNAVAILABLE (closed before the reply was
 * whole), and whatever the stream gives (ERR_TIMEOUT, ERR_CANCELLED, …). No error says that the
 * peer did not get the request.
 */

#include "base/buf.h"
#include "base/ctx.h"
#include "base/secret.h"

#define HTTP_HEAD_MAX 16384

/* The connection, as two functions: tests feed bytes without TLS. */
struct http_stream {
    /* At least one byte; *ret_n = 0 is the peer's orderly end. */
    RESULT (*read)(void *arg, void *out, size_t len, const struct ctx *ctx, size_t *ret_n);
    /* All of it. */
    RESULT (*write)(void *arg, const void *data, size_t len, const struct ctx *ctx);
    void *arg;
};

struct tls;

/* Borrows `t`. Without TLS: transport/http_plain.h. */
struct http_stream http_tls_stream(struct tls *t);

struct http_request {
    const char *method;       /* "GET", "POST" */
    const char *path;         /* "/webapi/find" */
    const char *host;         /* for the Host header: "proxy.example.com:3080", "[::1]:3080" */
    const char *content_type; /* NULL: no body is sent */
    struct bytes body;        /* sent from where it is, not copied: it may be a secret's */
    const char *accept;       /* NULL: "application/json" */
    /* Sent as "Authorization: Bearer …", from where it is; NULL: none. Printable ASCII. */
    const struct secret *bearer;
    bool is_secret_wanted; /* the reply's body goes into `secret` */
};

struct http_reply {
    unsigned status; /* 200 … 999 */
    struct buf body;
    struct secret *secret;  /* instead of `body`; NULL: not asked for */
    struct dur retry_after; /* the Retry-After header, where it has seconds; 0: it has not */
    struct wall date;       /* the Date header; WALL_NONE when there is none that can be read */
};
void http_reply_release(struct http_reply *r);

RESULT http_exchange(const struct http_stream *s, const struct http_request *request,
                     size_t body_max, const struct ctx *ctx, struct http_reply *ret);

#endif
