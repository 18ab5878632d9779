/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SUPERVISOR_H
#define TBOT_AGENT_SUPERVISOR_H

/*
 * What the agent as a whole does when one of its parts has changed: pure. agent.c shows it the parts
 * and does what it answers; the simulation does the same with simulated parts.
 *
 *     outputs start     when there is an identity to ask with; one pass waits for the renewed one
 *     outputs wait      while the cluster is known to be away, or the identity is past its end: they
 *                       could only fail, and the files in place serve
 *     stale ones renew  as soon as the cluster is back, or the identity fresh again
 *     the process ends  never for an outage; see identity/renewer.h for what FAILED means
 *
 * One pass (--oneshot) tries everything, has consumers told, and ends: nothing waits, and nobody watches
 * the cluster. Whether consumers took it well is told, and does not count.
 */

#include "agent/contact.h"
#include "identity/renewer.h"

struct supervisor_view {
    enum renewer_state identity;
    bool is_serving; /* the identity is valid */
    enum contact_state contact;
    size_t n_outputs;
    size_t n_run;    /* outputs whose first cycle has ended */
    size_t n_failed; /* outputs that have run, the last attempt in vain */
    bool runs_hooks; /* consumers are being told of new files */
};

/* Any of these together, to be done in this order. */
enum {
    SUPERVISOR_WATCH_CONTACT = 1 << 0, /* there is an identity to check with: CONTACT_LOOK */
    SUPERVISOR_TELL_IDENTITY = 1 << 1, /* RENEWER_CONTACT */
    SUPERVISOR_HOLD_OUTPUTS = 1 << 2,  /* start no attempt until released */
    SUPERVISOR_RELEASE_OUTPUTS = 1 << 3,
    SUPERVISOR_RENEW_STALE = 1 << 4, /* outputs whose last cycle failed begin one now */
    SUPERVISOR_START_OUTPUTS = 1 << 5,

    /* The last answer, and alone. */
    SUPERVISOR_END_WELL = 1 << 6, /* one pass is complete */
    SUPERVISOR_END_FAILED_OUTPUTS = 1 << 7,
    SUPERVISOR_END_FAILED_IDENTITY = 1 << 8,
};

struct supervisor {
    bool one_pass;
    struct supervisor_view last;
    bool watching, started, held, ended;
};

void supervisor_init(struct supervisor *s, bool one_pass);

/* After every change of a part. What was answered counts as done. */
unsigned supervisor_look(struct supervisor *s, const struct supervisor_view *view);

#endif
