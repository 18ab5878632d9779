/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_HTTP_H
#define TBOT_DIAG_HTTP_H

/*
 * HTTP/1.1 on sockets that somebody else accepted: the one door to libmicrohttpd, which reads requests
 * and writes answers, driven by our loop. It neither listens, nor keeps time, nor has a thread: when a
 * connection must go, its socket is shut down, and the library notices.
 *
 * A body has up to DIAG_HTTP_BODY_MAX bytes; a longer one is refused (413), or ends the connection where it
 * did not say its length.
 *
 * An answer may be to hold the request: then nothing happens on its connection until diag_http_ask_again()
 * has it asked anew, or its client goes away. One that ends its sending side counts as gone: it
 * cannot be told from one that does not listen any more.
 *
 * Threads: the loop's only.
 */

#include "base/loop.h"
#include "diag/places.h"
#include "diag/routes.h"

#define DIAG_HTTP_HEADERS_MAX ((size_t)8 * 1024)
#define DIAG_HTTP_BODY_MAX ((size_t)4 * 1024)

struct diag_http_config {
    struct loop *loop;
    struct log *log;
    const char *server; /* the Server header; borrowed */
    void *arg;
    /* A request is whole, or was held. The asker's `host` is set; the rest of him is the callee's.
     * Fills in `a`; false: the connection is closed. */
    bool (*answer)(void *arg, struct place *at, struct diag_request *r, struct diag_answer *a);
    void (*answered)(void *arg, struct place *at); /* it was sent, or the client went away */
    void (*closed)(void *arg, struct place *at);   /* its descriptor is about to be closed */
};

struct diag_http;

RESULT diag_http_new(const struct diag_http_config *c, struct diag_http **ret);
void diag_http_free(struct diag_http *h); /* ends every connection. Accepts NULL. */
DEFINE_FREEP(diag_http)

/* Takes the accepted, non-blocking socket `at->fd` over, also when it fails: then `closed` was told. */
void diag_http_add(struct diag_http *h, struct place *at);

/* Does what can be done now without waiting. */
void diag_http_run(struct diag_http *h);

/* All that are held are asked anew, and answered or held again. Not from within a callback. */
void diag_http_ask_again(struct diag_http *h);

/* Ends a connection: on return its place is free, unless the library keeps it for a moment. */
void diag_http_end(struct diag_http *h, struct place *at);

#endif
