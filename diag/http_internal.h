/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_HTTP_INTERNAL_H
#define TBOT_DIAG_HTTP_INTERNAL_H

/* One request from its headers to the end of its answer; for diag/http*.c alone. */

#include "diag/http.h"

struct MHD_Connection;
struct MHD_Daemon;

struct diag_http {
    struct diag_http_config c;
    struct MHD_Daemon *daemon;
    struct loop_io io;
    struct loop_timer again;
    struct place *added;    /* the one whose start we are about to be told */
    struct exchange *first; /* of those held */
};

struct exchange {
    struct diag_http *http;
    struct MHD_Connection *conn;
    struct place *at;
    struct buf body;
    struct mono since; /* when the request was whole; {0}: it is not yet */

    bool is_held;
    bool is_over;                  /* held, when its connection was ended */
    struct loop_io gone;           /* while held: the library does not look at the socket */
    struct exchange *next, **link; /* of those held */
};

/*
 * Keeps the connection as it is: nothing is read from it, nothing sent. When the client goes away, it is
 * ended. ERR_NOMEM, ERR_UNAVAILABLE: it cannot be watched.
 */
RESULT diag_http_hold(struct exchange *x);

/* Has the library ask again for an answer, in its next run. */
void diag_http_hold_end(struct exchange *x);

/* The same where `at` is held; the answer is then not to be sent. */
void diag_http_hold_cancel(struct diag_http *h, const struct place *at);

#endif
