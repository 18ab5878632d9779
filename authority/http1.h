/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_HTTP1_H
#define TBOT_AUTHORITY_HTTP1_H

/*
 * HTTP/1.1 for one request: read it, answer it, the connection ends. Kept alive, a connection would
 * save a client a handshake it makes once in an hour.
 */

#include "base/tls.h"

#define HTTP1_MAX_TARGET 1024
#define HTTP1_MAX_BODY ((size_t)128 * 1024)

struct http1_request {
    char method[16];
    char path[HTTP1_MAX_TARGET]; /* without the query */
    struct secret *body;         /* it may hold a token; never NULL after reading */
};
void http1_request_release(struct http1_request *r);

/* ERR_PROTOCOL for what is no request, ERR_REJECTED for one that is too large. */
RESULT http1_read(struct tls *tls, const struct ctx *ctx, struct http1_request *ret);

/* Answers with JSON; `now` is for the Date. */
RESULT http1_respond(struct tls *tls, const struct ctx *ctx, struct wall now, int status,
                     struct bytes json);

#endif
