/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_PLAN_H
#define TBOT_AGENT_HOOK_PLAN_H

/*
 * When one hook runs: pure.
 *
 *     files changed      at once; while it runs: once more after that, however often they change
 *     it failed          again after 1 s, 2 s, 4 s (identity/backoff.h), then not before the next change
 *
 * A change takes the place of whatever was planned: what is in the files now is what counts.
 */

#include "base/entropy.h"

#define HOOK_PLAN_ATTEMPTS 4

/* Zero-initialise. */
struct hook_plan {
    bool is_running;
    bool is_wanted;    /* something changed while it ran */
    bool is_planned;   /* at `next` */
    unsigned failures; /* in a row, of this change */
    struct mono next;
};

void hook_plan_want(struct hook_plan *p, struct mono now);

/* When to begin; MONO_NEVER: nothing is planned, or it runs. */
struct mono hook_plan_wake(const struct hook_plan *p);

void hook_plan_started(struct hook_plan *p);

/* `may_retry` false: it would fail again. */
void hook_plan_ended(struct hook_plan *p, bool is_ok, bool may_retry, struct mono now,
                     const struct entropy *entropy);

/* Nothing begins any more. */
void hook_plan_stop(struct hook_plan *p);

/* Something runs, or will. */
static inline bool hook_plan_is_busy(const struct hook_plan *p)
{
    return p->is_running || p->is_planned;
}

#endif
