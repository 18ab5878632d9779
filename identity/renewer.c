/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer_private.h"

void renewer_init(struct renewer *r, const struct renewer_config *config)
{
    *r = (struct renewer){.config = *config,
                          .next_at = MONO_NEVER,
                          .open_since = MONO_NEVER,
                          .persist_at = MONO_NEVER,
                          .trouble_since = MONO_NEVER};
}

bool renewer_is_serving(const struct renewer *r, struct now now)
{
    return r->has_identity && renewer_rules_left(r, now).ns > 0;
}

bool renewer_goes_on(const struct renewer *r)
{
    bool is_borne = r->proven || r->config.startup == RENEWER_STARTUP_WAIT;
    return is_borne && !r->config.one_pass;
}

/* However long its outputs take. */
static bool has_passed(const struct renewer *r)
{
    return r->config.one_pass && r->state == RENEWER_FRESH;
}

bool renewer_is_terminal(const struct renewer *r)
{
    return r->state == RENEWER_FAILED || has_passed(r);
}

static void take_stored(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    r->has_identity = true;
    r->identity = ev->identity;
    r->wants_join = ev->token_changed && r->config.can_join && !renewer_rules_rejoins(r);
    r->schedule = schedule_loaded(ev->identity.validity, r->config.interval, now.mono, now.wall,
                                  r->config.entropy);
    renewer_enter(r, renewer_is_serving(r, now) ? RENEWER_FRESH : RENEWER_EXPIRED, now);
}

static void start(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    bool wants_proof = r->config.startup == RENEWER_STARTUP_EXIT;
    r->started_at = r->success_at = r->since = now.mono;
    if (ev->has_identity)
        take_stored(r, ev, now);
    r->proven = !wants_proof && (ev->proven || renewer_is_serving(r, now));
    bool is_other = renewer_rules_rejoins(r) && ev->token_changed;
    if (ev->has_identity && ev->open && !renewer_rules_rejoins(r))
        renewer_cycle_found_open(r, now);
    else if (r->state != RENEWER_FRESH || r->wants_join || is_other || wants_proof ||
             r->config.one_pass)
        renewer_cycle_begin(r, now);
}

/* What is planned is done now; but not a second read of an open renewal, which would be too early. */
static void hurry(struct renewer *r, struct now now)
{
    bool is_second = r->next == RENEWER_JOB_RESOLVE && r->equal_reads > 0;
    if (!is_second)
        renewer_plan(r, r->next, mono_min(r->next_at, now.mono));
}

static void renew_now(struct renewer *r, struct now now)
{
    bool begins = r->state != RENEWER_EXPIRED && !r->barred && !renewer_rules_is_open(r);
    if (r->running != RENEWER_JOB_NONE)
        r->asked = true;
    else if (begins && !renewer_is_terminal(r))
        renewer_cycle_begin(r, now);
    else
        hurry(r, now);
}

static void contact(struct renewer *r, struct now now)
{
    if (r->running != RENEWER_JOB_NONE)
        r->contacted = true;
    else if (renewer_rules_is_refusal(r->last_code))
        return;
    else if (r->state == RENEWER_STALE || r->state == RENEWER_UNTRUSTED)
        renew_now(r, now);
    else
        hurry(r, now);
}

/* What came while a job ran its success does, or leads to; not its failure. */
static void catch_up(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    bool asked = r->asked, contacted = r->contacted;
    bool is_left = ev->code != ERR_OK || ev->job == RENEWER_JOB_PERSIST;
    r->asked = r->contacted = false;
    if (is_left && asked)
        renew_now(r, now);
    else if (is_left && contacted)
        contact(r, now);
}

static void take(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    switch (ev->kind) {
    case RENEWER_START:
        start(r, ev, now);
        break;
    case RENEWER_NOW:
        renew_now(r, now);
        break;
    case RENEWER_CONTACT:
        r->success_at = now.mono;
        contact(r, now);
        break;
    case RENEWER_SKEW:
        r->has_skew = true;
        r->skew = ev->skew;
        break;
    case RENEWER_JOB_DONE:
        r->running = RENEWER_JOB_NONE;
        renewer_cycle_job_done(r, ev, now);
        catch_up(r, ev, now);
        break;
    case RENEWER_TIMER:
        break;
    }
}

/* The end of the certificate ends every other plan. */
static void expire(struct renewer *r, struct now now)
{
    renewer_enter(r, RENEWER_EXPIRED, now);
    renewer_cycle_begin(r, now);
}

/* The calendar had been wrong, not the identity. */
static void revive(struct renewer *r, struct now now)
{
    renewer_enter(r, RENEWER_FRESH, now);
    renewer_cycle_begin(r, now);
}

static bool awaits_next(const struct renewer *r)
{
    return r->state == RENEWER_FRESH && !has_passed(r);
}

static bool is_due(const struct renewer *r, struct now now)
{
    return awaits_next(r) && schedule_due(&r->schedule, now.mono, renewer_rules_calendar(r, now));
}

static void look_at_the_clocks(struct renewer *r, struct now now)
{
    bool serving = renewer_is_serving(r, now);
    if (r->has_identity && !serving && r->state != RENEWER_EXPIRED)
        expire(r, now);
    else if (r->state == RENEWER_EXPIRED && serving)
        revive(r, now);
    else if (is_due(r, now))
        renewer_cycle_begin(r, now);
    if (!mono_before(now.mono, renewer_rules_give_up_at(r)))
        renewer_cycle_fail(r, RENEWER_FAILURE_GIVEN_UP, now);
}

static struct mono next_wake(const struct renewer *r, struct now now)
{
    struct wall calendar = renewer_rules_calendar(r, now);
    struct mono wake = mono_min(r->next_at, r->persist_at);
    wake = mono_min(wake, renewer_rules_give_up_at(r));
    if (awaits_next(r))
        wake = mono_min(wake, schedule_wake(&r->schedule, now.mono, calendar));
    if (r->has_identity && r->state != RENEWER_EXPIRED)
        wake = mono_min(wake, mono_add(now.mono, renewer_rules_left(r, now)));
    return wake;
}

/* Takes what is to be run now out of the plan. */
static enum renewer_job take_due(struct renewer *r, struct now now)
{
    if (!mono_before(now.mono, r->persist_at)) {
        r->persist_at = MONO_NEVER;
        return RENEWER_JOB_PERSIST;
    }
    if (mono_before(now.mono, r->next_at))
        return RENEWER_JOB_NONE;
    enum renewer_job due = r->next;
    renewer_plan(r, RENEWER_JOB_NONE, MONO_NEVER);
    return due;
}

struct renewer_todo renewer_step(struct renewer *r, const struct renewer_event *ev, struct now now)
{
    const struct renewer_todo nothing = {RENEWER_JOB_NONE, MONO_NEVER};
    take(r, ev, now);
    if (r->running != RENEWER_JOB_NONE)
        return nothing; /* let finish, whatever the clocks say */
    if (!renewer_is_terminal(r))
        look_at_the_clocks(r, now);
    if (renewer_is_terminal(r))
        return nothing;
    r->running = take_due(r, now);
    r->running_since = now.mono;
    return (struct renewer_todo){r->running,
                                 r->running == RENEWER_JOB_NONE ? next_wake(r, now) : MONO_NEVER};
}
