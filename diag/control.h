/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CONTROL_H
#define TBOT_DIAG_CONTROL_H

/*
 * What a request may set in motion. A route only says which deed is asked for; the server does it, in
 * a later turn of the loop, so that no deed runs in the middle of reading a request. Asked twice before
 * that, it is done once.
 *
 * Threads: the loop's only.
 */

#include "diag/core/log.h"
#include "diag/profile/profiler.h"

/* What the agent can do. A function that is NULL is something it cannot. */
struct diag_control {
    void *arg;
    void (*renew)(void *arg);     /* everything, now */
    void (*reload)(void *arg);    /* reads the configuration anew */
    void (*shut_down)(void *arg); /* an orderly end. NULL: there is no such page */
};

enum diag_deed_kind {
    DIAG_DEED_NONE,
    DIAG_DEED_RENEW,
    DIAG_DEED_RELOAD,
    DIAG_DEED_SHUT_DOWN,
    DIAG_DEED_LOG_LEVEL,
    DIAG_DEED_PROFILE, /* for who asks, who is held meanwhile */
};

struct diag_deed {
    enum diag_deed_kind kind;
    enum log_level level; /* LOG_LEVEL */
    struct dur lasting; /* LOG_LEVEL: then it goes back by itself; 0: it stays. PROFILE: how long */
    enum profiler_kind profile;
    unsigned awaited;   /* RELOAD: the number of the one that who is held waits for; 0: nobody is */
    struct bytes input; /* PROFILE: see struct profiler_order; borrowed from the request */
};

#endif
