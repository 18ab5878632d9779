/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_RENEWER_PRIVATE_H
#define TBOT_IDENTITY_RENEWER_PRIVATE_H

/*
 * The renewer in three parts, private to renewer*.c:
 *
 *     renewer.c        what happens: the step, its events, and what the clocks say
 *     renewer_cycle.c  what a cycle does, and what the outcome of a job leads to
 *     renewer_rules.c  what follows from the present state; these functions change nothing
 */

#include "identity/renewer.h"

/* The cluster may answer a read of the generation from a cache of about a second. */
#define RENEWER_SETTLE_S 5
#define RENEWER_REREAD_S 2

static inline void renewer_enter(struct renewer *r, enum renewer_state state, struct now now)
{
    if (r->state != state)
        r->since = now.mono;
    r->state = state;
}

/* Plans `job` for `at`, or nothing; an open renewal is not read before the read can count. */
void renewer_plan(struct renewer *r, enum renewer_job job, struct mono at);

/* Begins a cycle now, with all its attempts: of renewing, of joining where nothing else is possible, or
 * of reading where a renewal is open. */
void renewer_cycle_begin(struct renewer *r, struct now now);

/* The journal of a request without a reply was found at start. */
void renewer_cycle_found_open(struct renewer *r, struct now now);

void renewer_cycle_job_done(struct renewer *r, const struct renewer_event *ev, struct now now);

void renewer_cycle_fail(struct renewer *r, enum renewer_failure why, struct now now);

/* The calendar that judges the present identity. */
struct wall renewer_rules_calendar(const struct renewer *r, struct now now);

/* How long the present identity is still valid. */
struct dur renewer_rules_left(const struct renewer *r, struct now now);

static inline bool renewer_rules_is_open(const struct renewer *r)
{
    return r->open_since.ns != MONO_NEVER.ns;
}

/* The present identity is replaced by a join: asked for another one, the cluster would refuse it, and a
 * renewal be open that never was one. */
static inline bool renewer_rules_rejoins(const struct renewer *r)
{
    return r->config.rejoins || (r->has_identity && r->identity.is_final && r->config.can_join);
}

/* The cluster answered, and answered no: that it is back does not change it. */
bool renewer_rules_is_refusal(enum err_code code);

/* The state of a cycle under way, and the one in which the next is waited for, after `code`. */
enum renewer_state renewer_rules_working(const struct renewer *r);
enum renewer_state renewer_rules_resting(const struct renewer *r, enum err_code code);

/* What a cycle begins with. RENEWER_JOB_NONE: nothing may be done. */
enum renewer_job renewer_rules_first_job(const struct renewer *r);

/* What the next attempt begins with, after `failed` ended with `code`. */
enum renewer_job renewer_rules_next_job(const struct renewer *r, enum renewer_job failed,
                                        enum err_code code);

/* ... and when. */
struct mono renewer_rules_next_at(const struct renewer *r, enum renewer_job failed,
                                  enum err_code code, struct now now);

/* Does a failure with `code` end the process? */
enum renewer_failure renewer_rules_verdict(const struct renewer *r, enum err_code code,
                                           struct now now);

/* When `give_up_after` ends it; MONO_NEVER: nothing is wrong, or never. */
struct mono renewer_rules_give_up_at(const struct renewer *r);

#endif
