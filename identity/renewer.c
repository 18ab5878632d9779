/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer.h"

#include "identity/backoff.h"

/* The cluster may answer a read of the generation from a cache of about a second. */
#define OPEN_SETTLE_S 5
#define REREAD_S 2
#define EQUAL_READS_NEEDED 2

#define PERSIST_RETRY_S 10
#define OLD_READS_BORNE 3

/* A refusal is asked about again this often, or each half interval if that is shorter. */
#define REFUSED_RETRY_S 300

void renewer_init(struct renewer *r, const struct renewer_config *config)
{
    *r = (struct renewer){.config = *config,
                          .next_at = MONO_NEVER,
                          .persist_at = MONO_NEVER,
                          .trouble_since = MONO_NEVER};
}

static void enter(struct renewer *r, enum renewer_state state, struct now now)
{
    if (r->state != state)
        r->since = now.mono;
    r->state = state;
}

static void plan(struct renewer *r, enum renewer_job job, struct mono at)
{
    r->next = job;
    r->next_at = at;
}

static void plan_after(struct renewer *r, enum renewer_job job, struct dur wait, struct now now)
{
    plan(r, job, mono_add(now.mono, wait));
}

static void plan_nothing(struct renewer *r)
{
    plan(r, RENEWER_JOB_NONE, MONO_NEVER);
}

/* Apart from the plan: an identity in memory only must reach the disk whatever the cluster does. */
static void plan_persist(struct renewer *r, struct dur wait, struct now now)
{
    r->persist_at = r->unpersisted ? mono_add(now.mono, wait) : MONO_NEVER;
}

static struct dur probe_wait(const struct renewer *r, struct now now)
{
    return backoff_probe(mono_diff(now.mono, r->trouble_since), r->config.entropy);
}

static struct dur refused_wait(const struct renewer *r)
{
    struct dur half = {r->config.interval.ns / 2};
    return half.ns < dur_s(REFUSED_RETRY_S).ns ? half : dur_s(REFUSED_RETRY_S);
}

/* An identity issued in this process lives its length from then, whatever our calendar says. */
static struct dur left(const struct renewer *r, struct now now)
{
    if (!r->issued_here)
        return wall_diff(r->identity.validity.not_after, now.wall);
    struct dur length = schedule_lifetime(r->identity.validity);
    return (struct dur){length.ns - mono_diff(now.mono, r->issued_at).ns};
}

bool renewer_is_serving(const struct renewer *r, struct now now)
{
    return r->has_identity && left(r, now).ns > 0;
}

bool renewer_is_terminal(const struct renewer *r)
{
    return r->state == RENEWER_FAILED;
}

/* The read before a renewal spares a bot whose storage was copied: its twin is then ahead. */
static enum renewer_job first_job(const struct renewer *r)
{
    return r->identity.per_instance ? RENEWER_JOB_RENEW : RENEWER_JOB_CHECK;
}

static void begin_cycle(struct renewer *r, struct now now)
{
    r->attempt = 0;
    r->old_reads = 0;
    enter(r, RENEWER_RENEWING, now);
    plan(r, first_job(r), now.mono);
}

static void begin_join(struct renewer *r, struct now now)
{
    r->attempt = 0;
    enter(r, r->has_identity ? RENEWER_EXPIRED : RENEWER_JOINING, now);
    plan(r, RENEWER_JOB_JOIN, now.mono);
}

static void fail_for_good(struct renewer *r, struct now now)
{
    plan_nothing(r);
    r->failed_in = r->state;
    enter(r, RENEWER_FAILED, now);
}

static void note_failure(struct renewer *r, enum err_code code, struct now now)
{
    r->last_code = code;
    r->attempt++;
    if (r->trouble_since.ns == MONO_NEVER.ns)
        r->trouble_since = now.mono;
}

/* Nothing was written, or what was written is known to have had no effect. */
static void attempt_failed(struct renewer *r, enum err_code code, struct now now)
{
    note_failure(r, code, now);
    if (r->config.one_pass) {
        fail_for_good(r, now);
    } else if (err_class(code) == ERR_CLASS_PERMANENT) {
        enter(r, RENEWER_STALE, now);
        plan_after(r, first_job(r), refused_wait(r), now);
    } else if (r->attempt >= r->config.attempts) {
        enter(r, RENEWER_STALE, now);
        plan_after(r, RENEWER_JOB_PROBE, probe_wait(r, now), now);
    } else {
        plan_after(r, first_job(r), backoff_attempt(r->attempt, r->config.entropy), now);
    }
}

static void hold(struct renewer *r, struct now now)
{
    if (r->config.retry_open) {
        enter(r, RENEWER_RENEWING, now);
        attempt_failed(r, r->last_code, now);
        return;
    }
    enter(r, RENEWER_HELD, now);
    plan_nothing(r);
    if (r->config.one_pass)
        fail_for_good(r, now);
}

static void overtaken(struct renewer *r, struct now now)
{
    enter(r, RENEWER_OVERTAKEN, now);
    plan_nothing(r);
    if (r->config.one_pass)
        fail_for_good(r, now);
}

static void open_renewal(struct renewer *r, enum err_code code, struct now now)
{
    if (r->trouble_since.ns == MONO_NEVER.ns)
        r->trouble_since = now.mono;
    r->last_code = code;
    r->equal_reads = 0;
    enter(r, RENEWER_OPEN, now);
    if (r->identity.per_instance && !r->config.retry_open)
        hold(r, now);
    else
        plan_after(r, RENEWER_JOB_RESOLVE, dur_s(OPEN_SETTLE_S), now);
}

static void adopt(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    r->identity = ev->identity;
    r->has_identity = true;
    r->issued_here = true;
    r->issued_at = now.mono;
    r->schedule = schedule_issued(ev->identity.validity, r->config.interval, now.mono, now.wall,
                                  r->config.entropy);
    r->attempt = 0;
    r->last_code = ERR_OK;
    r->trouble_since = MONO_NEVER;
    r->unpersisted = ev->unpersisted;
    enter(r, RENEWER_FRESH, now);
    plan_nothing(r);
    plan_persist(r, backoff_attempt(1, r->config.entropy), now);
}

static void join_failed(struct renewer *r, enum err_code code, struct now now)
{
    note_failure(r, code, now);
    bool permanent = err_class(code) == ERR_CLASS_PERMANENT;
    bool first = r->state == RENEWER_JOINING;
    bool late = mono_diff(now.mono, r->started_at).ns >= r->config.startup_limit.ns;
    if (r->config.one_pass || (first && (permanent || late)))
        fail_for_good(r, now);
    else if (permanent)
        plan_after(r, RENEWER_JOB_JOIN, refused_wait(r), now);
    else if (r->attempt < r->config.attempts || first)
        plan_after(r, RENEWER_JOB_JOIN, backoff_attempt(r->attempt, r->config.entropy), now);
    else
        plan_after(r, RENEWER_JOB_JOIN, probe_wait(r, now), now);
}

static void check_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    /* A server that cannot tell does not stop a renewal while nothing is open. */
    bool silent = ev->code == ERR_UNIMPLEMENTED || ev->code == ERR_NOT_FOUND;
    if (ev->code != ERR_OK && !silent)
        attempt_failed(r, ev->code, now);
    else if (silent || ev->generation == r->identity.generation)
        plan(r, RENEWER_JOB_RENEW, now.mono);
    else if (ev->generation > r->identity.generation)
        overtaken(r, now);
    else if (r->old_reads++ < OLD_READS_BORNE)
        plan_after(r, RENEWER_JOB_CHECK, dur_s(REREAD_S), now); /* from before our last renewal */
    else
        attempt_failed(r, ERR_PROTOCOL, now);
}

static void resolve_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->code == ERR_UNIMPLEMENTED || ev->code == ERR_NOT_FOUND) {
        hold(r, now);
    } else if (ev->code != ERR_OK) {
        r->last_code = ev->code;
        r->equal_reads = 0;
        plan_after(r, RENEWER_JOB_RESOLVE, probe_wait(r, now), now);
    } else if (ev->generation > r->identity.generation) {
        overtaken(r, now);
    } else {
        r->equal_reads = ev->generation == r->identity.generation ? r->equal_reads + 1 : 0;
        plan_after(r, RENEWER_JOB_RESOLVE, dur_s(REREAD_S), now);
        if (r->equal_reads >= EQUAL_READS_NEEDED) {
            enter(r, RENEWER_RENEWING, now);
            attempt_failed(
                r, err_class(r->last_code) == ERR_CLASS_PASSING ? r->last_code : ERR_UNAVAILABLE,
                now);
        }
    }
}

static void renew_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->code == ERR_OK)
        adopt(r, ev, now);
    else if (ev->written)
        open_renewal(r, ev->code, now);
    else
        attempt_failed(r, ev->code, now);
}

static void probe_done(struct renewer *r, enum err_code code, struct now now)
{
    if (code == ERR_OK) {
        begin_cycle(r, now);
        return;
    }
    r->last_code = code;
    plan_after(r, RENEWER_JOB_PROBE, probe_wait(r, now), now);
}

static void persist_done(struct renewer *r, enum err_code code, struct now now)
{
    r->unpersisted = code != ERR_OK;
    plan_persist(r, dur_s(PERSIST_RETRY_S), now);
}

/* An open renewal is read early only where the read can count: see OPEN_SETTLE_S and REREAD_S. */
static bool may_read_now(const struct renewer *r, struct now now)
{
    return r->next == RENEWER_JOB_RESOLVE && r->equal_reads == 0 &&
           mono_diff(now.mono, r->since).ns >= dur_s(OPEN_SETTLE_S).ns;
}

static void renew_now(struct renewer *r, struct now now)
{
    if (r->running != RENEWER_JOB_NONE)
        r->asked = true;
    else if (r->state == RENEWER_FRESH || r->state == RENEWER_RENEWING || r->state == RENEWER_STALE)
        begin_cycle(r, now);
    else if (r->next == RENEWER_JOB_JOIN || may_read_now(r, now))
        r->next_at = now.mono;
}

/* What was asked for while a job ran its success does, or leads to; not its failure. */
static void catch_up(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    bool is_left = r->asked && (ev->code != ERR_OK || ev->job == RENEWER_JOB_PERSIST);
    r->asked = false;
    if (is_left)
        renew_now(r, now);
}

static void job_done(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    r->running = RENEWER_JOB_NONE;
    switch (ev->job) {
    case RENEWER_JOB_JOIN:
        if (ev->code == ERR_OK)
            adopt(r, ev, now);
        else
            join_failed(r, ev->code, now);
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
    case RENEWER_JOB_PROBE:
        probe_done(r, ev->code, now);
        break;
    case RENEWER_JOB_PERSIST:
        persist_done(r, ev->code, now);
        break;
    case RENEWER_JOB_NONE:
        break;
    }
    catch_up(r, ev, now);
}

static void start(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    r->started_at = now.mono;
    r->has_identity = ev->has_identity && !ev->token_changed;
    r->identity = ev->identity;
    if (!r->has_identity) {
        begin_join(r, now);
        return;
    }
    r->schedule = schedule_loaded(ev->identity.validity, r->config.interval, now.mono, now.wall,
                                  r->config.entropy);
    enter(r, RENEWER_FRESH, now);
    if (ev->open)
        open_renewal(r, ERR_UNAVAILABLE, now);
    else if (r->config.one_pass)
        begin_cycle(r, now);
}

/* The end of the certificate ends every other plan; a running job is let finish. */
static void expire(struct renewer *r, struct now now)
{
    if (!r->has_identity || r->state == RENEWER_EXPIRED || renewer_is_terminal(r) ||
        r->running != RENEWER_JOB_NONE || left(r, now).ns > 0)
        return;
    if (r->config.can_join) {
        begin_join(r, now);
        return;
    }
    enter(r, RENEWER_EXPIRED, now);
    plan_nothing(r);
    if (r->config.one_pass)
        fail_for_good(r, now);
}

static struct mono next_wake(const struct renewer *r, struct now now)
{
    if (r->running != RENEWER_JOB_NONE)
        return MONO_NEVER;
    struct mono wake = mono_min(r->next_at, r->persist_at);
    if (r->state == RENEWER_FRESH)
        wake = mono_min(wake, schedule_wake(&r->schedule, now.mono, now.wall));
    if (r->has_identity && r->state != RENEWER_EXPIRED && !renewer_is_terminal(r))
        wake = mono_min(wake, mono_add(now.mono, left(r, now)));
    return wake;
}

/* Takes what is to be run now out of the plan. */
static enum renewer_job take_due(struct renewer *r, struct now now)
{
    if (!mono_before(now.mono, r->persist_at)) {
        r->persist_at = MONO_NEVER;
        return RENEWER_JOB_PERSIST;
    }
    if (r->next == RENEWER_JOB_NONE || mono_before(now.mono, r->next_at))
        return RENEWER_JOB_NONE;
    enum renewer_job due = r->next;
    plan_nothing(r);
    return due;
}

struct renewer_todo renewer_step(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    if (ev->kind == RENEWER_START)
        start(r, ev, now);
    else if (ev->kind == RENEWER_JOB_DONE)
        job_done(r, ev, now);
    else if (ev->kind == RENEWER_NOW)
        renew_now(r, now);

    expire(r, now);
    bool due = r->state == RENEWER_FRESH && schedule_due(&r->schedule, now.mono, now.wall);
    if (due && r->running == RENEWER_JOB_NONE)
        begin_cycle(r, now);

    if (r->running != RENEWER_JOB_NONE)
        return (struct renewer_todo){RENEWER_JOB_NONE, MONO_NEVER};
    r->running = take_due(r, now);
    return (struct renewer_todo){r->running, next_wake(r, now)};
}
