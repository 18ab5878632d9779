/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_WAIT_H
#define TBOT_DIAG_WAIT_H

/*
 * What somebody waits for, and whether it is so. Pure.
 *
 *     GET /wait                        every service has reported once, whatever it said
 *     GET /wait?for=ready              the agent is in touch and up to date, as /readyz sees it
 *     GET /wait?for=serving            every consumer can be served, as /servez sees it
 *     GET /wait/{service}?…            the same of one service
 *     …&timeout=30s                    for so long; else until it is so, or the agent stops
 */

#include "diag/core/health.h"

enum diag_wait_for {
    DIAG_WAIT_REPORTED,
    DIAG_WAIT_READY,
    DIAG_WAIT_SERVING,
};

struct diag_wait {
    enum diag_wait_for what;
    const char *service; /* NULL: all; borrowed */
    struct mono until;   /* MONO_NEVER: no limit */
};

/*
 * From a query's `for` and `timeout`, NULL where they were not given, of a request that came at `since`.
 * ERR_CONFIG, in a sentence for who asked.
 */
RESULT diag_wait_read(const char *what, const char *timeout, struct mono since,
                      struct diag_wait *ret);

enum diag_wait_outcome {
    DIAG_WAIT_ON,      /* not yet */
    DIAG_WAIT_MET,     /* it is so */
    DIAG_WAIT_LATE,    /* the time is over */
    DIAG_WAIT_IN_VAIN, /* the agent stops before */
    DIAG_WAIT_UNKNOWN, /* there is no such service, or not any more */
};

enum diag_wait_outcome diag_wait_look(const struct diag_wait *w, const struct health *h,
                                      struct now now);

/* When to look again at the latest, beside whenever a service reports. */
struct mono diag_wait_wake(const struct diag_wait *w, const struct health *h, struct now now);

#endif
