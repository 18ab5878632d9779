/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer_private.h"

#include "identity/backoff.h"

#define EQUAL_READS_NEEDED 2
#define OLD_READS_BORNE 3
#define PERSIST_RETRY_S 10

void renewer_plan(struct renewer *r, enum renewer_job job, struct mono at)
{
    struct mono settled = mono_add(r->open_since, dur_s(RENEWER_SETTLE_S));
    if (job == RENEWER_JOB_RESOLVE && mono_before(at, settled))
        at = settled;
    r->next = job;
    r->next_at = job == RENEWER_JOB_NONE ? MONO_NEVER : at;
}

static void plan_after(struct renewer *r, enum renewer_job job, int64_t wait_s, struct now now)
{
    renewer_plan(r, job, mono_add(now.mono, dur_s(wait_s)));
}

/* Apart from the plan: an identity in memory only must reach the disk whatever the cluster does. */
static void plan_persist(struct renewer *r, struct dur wait, struct now now)
{
    r->persist_at = r->unpersisted ? mono_add(now.mono, wait) : MONO_NEVER;
}

void renewer_cycle_fail(struct renewer *r, enum renewer_failure why, struct now now)
{
    r->failure = why;
    r->failed_in = r->state;
    r->persist_at = MONO_NEVER;
    renewer_plan(r, RENEWER_JOB_NONE, MONO_NEVER);
    renewer_enter(r, RENEWER_FAILED, now);
}

void renewer_cycle_begin(struct renewer *r, struct now now)
{
    r->attempt = 0;
    r->old_reads = 0;
    r->equal_reads = 0;
    renewer_enter(r, renewer_rules_working(r), now);
    renewer_plan(r, renewer_rules_first_job(r), now.mono);
}

static void note_trouble(struct renewer *r, struct now now)
{
    r->trouble_since = mono_min(r->trouble_since, now.mono);
}

/* A failed attempt; those that come once a cycle's are used up are not counted on. */
static void note_failure(struct renewer *r, enum err_code code, struct now now)
{
    note_trouble(r, now);
    r->last_code = code;
    r->attempt += r->attempt < r->config.attempts;
}

/* Goes on after a failure that left nothing new open: the cycle's next attempt, or the wait for the
 * next cycle. A refusal uses the cycle up. */
static void go_on(struct renewer *r, enum renewer_job failed, enum err_code code, struct now now)
{
    if (err_class(code) == ERR_CLASS_PERMANENT)
        r->attempt = r->config.attempts;
    bool used_up = r->attempt >= r->config.attempts;
    renewer_enter(r, used_up ? renewer_rules_resting(r, code) : renewer_rules_working(r), now);
    enum renewer_failure end = renewer_rules_verdict(r, code, now);
    if (end != RENEWER_FAILURE_NONE)
        renewer_cycle_fail(r, end, now);
    else
        renewer_plan(r, renewer_rules_next_job(r, failed, code),
                     renewer_rules_next_at(r, failed, code, now));
}

/* The boot clock stands still in a virtual machine that is paused. Where the cluster calls the identity
 * expired, the calendar is asked again: two against one. */
static void doubt_boot_clock(struct renewer *r, enum err_code code)
{
    if (code == ERR_EXPIRED)
        r->issued_here = false;
}

static void attempt_failed(struct renewer *r, enum renewer_job job, enum err_code code,
                           struct now now)
{
    note_failure(r, code, now);
    doubt_boot_clock(r, code);
    go_on(r, job, code, now);
}

/* OVERTAKEN or HELD: from here on a person must act, unless a token is at hand that may be used. */
static void bar(struct renewer *r, struct now now)
{
    note_trouble(r, now);
    r->barred = true;
    renewer_enter(r, renewer_rules_resting(r, ERR_OK), now);
    renewer_plan(r, renewer_rules_first_job(r), now.mono);
    enum renewer_failure end = renewer_rules_verdict(r, ERR_REJECTED, now);
    if (r->next == RENEWER_JOB_NONE && end != RENEWER_FAILURE_NONE)
        renewer_cycle_fail(r, end, now);
}

static void overtaken(struct renewer *r, struct now now)
{
    r->open_since = MONO_NEVER;
    bar(r, now);
}

/* The open renewal has had no effect, or the configuration says to take it so. What ended it, unless a
 * refusal, has passed: the cluster answers. */
static void closed(struct renewer *r, struct now now)
{
    bool refused = renewer_rules_is_refusal(r->open_code);
    r->open_since = MONO_NEVER;
    if (r->open_code == ERR_OK)
        renewer_cycle_begin(r, now);
    else
        go_on(r, RENEWER_JOB_RENEW, refused ? r->open_code : ERR_UNAVAILABLE, now);
}

static void cannot_tell(struct renewer *r, struct now now)
{
    if (r->config.retry_open)
        closed(r, now);
    else
        bar(r, now);
}

static void open_renewal(struct renewer *r, enum err_code code, struct now now)
{
    note_trouble(r, now);
    r->open_since = now.mono;
    r->open_code = code;
    r->equal_reads = 0;
    if (r->identity.per_instance && !r->config.retry_open) {
        bar(r, now);
        return;
    }
    renewer_enter(r, renewer_rules_working(r), now);
    renewer_plan(r, renewer_rules_first_job(r), now.mono);
}

void renewer_cycle_found_open(struct renewer *r, struct now now)
{
    open_renewal(r, ERR_OK, now);
}

static void adopt(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    r->identity = ev->identity;
    r->has_identity = true;
    r->issued_here = true;
    r->issued_at = r->running_since;
    r->schedule = schedule_issued(ev->identity.validity, r->config.interval, r->issued_at, now,
                                  r->config.entropy);
    r->proven = true;
    r->barred = false;
    r->wants_join = r->wants_join && ev->job != RENEWER_JOB_JOIN;
    r->open_since = MONO_NEVER;
    r->attempt = 0;
    r->last_code = ERR_OK;
    r->trouble_since = MONO_NEVER;
    r->unpersisted = ev->unpersisted;
    renewer_enter(r, RENEWER_FRESH, now);
    renewer_plan(r, RENEWER_JOB_NONE, MONO_NEVER);
    plan_persist(r, backoff_attempt(1, r->config.entropy), now);
}

/* The identity from the old token is renewed as before: when it is due, in one pass at once. */
static void new_token_refused(struct renewer *r, enum err_code code, struct now now)
{
    struct mono due = schedule_wake(&r->schedule, now.mono, renewer_rules_calendar(r, now));
    enum renewer_job next = renewer_rules_next_job(r, RENEWER_JOB_JOIN, code);
    if (r->config.one_pass && next != RENEWER_JOB_NONE) {
        renewer_plan(r, next, now.mono);
        return;
    }
    go_on(r, RENEWER_JOB_JOIN, code, now);
    renewer_plan(r, r->next, mono_min(r->next_at, due));
}

static void join_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->code == ERR_OK) {
        adopt(r, ev, now);
        return;
    }
    bool refused = r->wants_join && err_class(ev->code) == ERR_CLASS_PERMANENT;
    note_failure(r, ev->code, now);
    r->wants_join = r->wants_join && !refused;
    if (refused && r->state != RENEWER_EXPIRED)
        new_token_refused(r, ev->code, now);
    else
        go_on(r, RENEWER_JOB_JOIN, ev->code, now);
}

static bool is_silent(enum err_code code)
{
    return code == ERR_UNIMPLEMENTED || code == ERR_NOT_FOUND;
}

/* A server that cannot tell does not stop a renewal while nothing is open, nor does a label that speaks
 * of other instances too. */
static void check_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    bool tells = !is_silent(ev->code) && !r->identity.per_instance;
    if (ev->code != ERR_OK && !is_silent(ev->code)) {
        attempt_failed(r, RENEWER_JOB_CHECK, ev->code, now);
    } else if (!tells || ev->generation == r->identity.generation) {
        renewer_enter(r, renewer_rules_working(r), now);
        renewer_plan(r, RENEWER_JOB_RENEW, now.mono);
    } else if (ev->generation > r->identity.generation) {
        overtaken(r, now);
    } else if (r->old_reads++ < OLD_READS_BORNE) { /* from before our last renewal */
        plan_after(r, RENEWER_JOB_CHECK, RENEWER_REREAD_S, now);
    } else {
        attempt_failed(r, RENEWER_JOB_CHECK, ERR_PROTOCOL, now);
    }
}

static void resolve_failed(struct renewer *r, enum err_code code, struct now now)
{
    r->last_code = code;
    r->equal_reads = 0;
    doubt_boot_clock(r, code);
    go_on(r, RENEWER_JOB_RESOLVE, code, now);
}

static void resolve_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (is_silent(ev->code)) {
        cannot_tell(r, now);
    } else if (ev->code != ERR_OK) {
        resolve_failed(r, ev->code, now);
    } else if (ev->generation > r->identity.generation) {
        overtaken(r, now);
    } else {
        r->equal_reads = ev->generation == r->identity.generation ? r->equal_reads + 1 : 0;
        renewer_enter(r, renewer_rules_working(r), now);
        plan_after(r, RENEWER_JOB_RESOLVE, RENEWER_REREAD_S, now);
        if (r->equal_reads >= EQUAL_READS_NEEDED)
            closed(r, now);
    }
}

static void renew_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->code == ERR_OK) {
        adopt(r, ev, now);
    } else if (ev->written) {
        note_failure(r, ev->code, now);
        open_renewal(r, ev->code, now);
    } else {
        attempt_failed(r, RENEWER_JOB_RENEW, ev->code, now);
    }
}

static void persist_done(struct renewer *r, enum err_code code, struct now now)
{
    r->unpersisted = code != ERR_OK;
    plan_persist(r, dur_s(PERSIST_RETRY_S), now);
}

void renewer_cycle_job_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->code == ERR_OK && ev->job != RENEWER_JOB_PERSIST)
        r->success_at = now.mono;
    switch (ev->job) {
    case RENEWER_JOB_JOIN:
        join_done(r, ev, now);
        break;
    case RENEWER_JOB_CHECK:
        check_done(r, ev, now);
        break;
    case RENEWER_JOB_RENEW:
        renew_done(r, ev, now);
        break;
    case RENEWER_JOB_RESOLVE:
        resolve_done(r, ev, now);
        break;
    case RENEWER_JOB_PERSIST:
        persist_done(r, ev->code, now);
        break;
    case RENEWER_JOB_NONE:
        break;
    }
}
