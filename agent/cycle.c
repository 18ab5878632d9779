/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cycle.h"

#include "identity/backoff.h"

/* Short, as people wait for the end of an outage, and workers bound what an agent asks at a time. */
#define MOMENT_MS 250

static void plan(struct cycle *c, struct mono at)
{
    c->next = (struct schedule){at, WALL_NEVER};
}

void cycle_init(struct cycle *c, const struct cycle_config *config, struct mono now)
{
    *c = (struct cycle){.config = *config};
    plan(c, now);
}

bool cycle_due(const struct cycle *c, struct mono now, struct wall now_wall)
{
    return !c->running && !c->held && schedule_due(&c->next, now, now_wall);
}

void cycle_started(struct cycle *c, struct mono now)
{
    c->running = true;
    c->began = now;
}

static void end_in_vain(struct cycle *c)
{
    c->failures = 0;
    c->stale = true;
    c->has_ended = true;
}

static void plan_in_a_moment(struct cycle *c, struct mono now)
{
    plan(c, mono_add(now, entropy_between(c->config.entropy, dur_s(0), dur_ms(MOMENT_MS))));
}

/* What ended began before things changed: its failure says nothing of how they are now. */
static void begin_anew(struct cycle *c, struct mono now)
{
    c->failures = 0;
    plan_in_a_moment(c, now);
}

static void failed(struct cycle *c, enum err_code code, struct mono now)
{
    c->last_code = code;
    if (c->doubted) {
        begin_anew(c, now);
        return;
    }
    c->failures++;
    struct mono again = mono_add(now, backoff_attempt(c->failures, c->config.entropy));
    bool may_try = c->failures < c->config.attempts || mono_before(again, c->config.at_least_until);
    if (err_class(code) == ERR_CLASS_PASSING && may_try) {
        plan(c, again);
        return;
    }
    end_in_vain(c);
    struct dur four_fifths = {c->config.interval.ns / 5 * 4};
    plan(c, mono_add(now, entropy_between(c->config.entropy, four_fifths, c->config.interval)));
}

static void succeeded(struct cycle *c, struct validity v, struct mono now, struct wall now_wall)
{
    c->last_code = ERR_OK;
    c->failures = 0;
    c->stale = false;
    c->has_ended = true;
    c->next = schedule_issued(v, c->config.interval, c->began, (struct now){now, now_wall},
                              c->config.entropy);
}

void cycle_done(struct cycle *c, enum err_code code, struct validity v, struct mono now,
                struct wall now_wall)
{
    c->running = false;
    if (code == ERR_OK)
        succeeded(c, v, now, now_wall);
    else
        failed(c, code, now);
    c->doubted = false;
    if (c->asked)
        cycle_now(c, now);
}

void cycle_now(struct cycle *c, struct mono now)
{
    c->asked = c->running;
    c->failures = 0;
    plan(c, now);
}

void cycle_soon(struct cycle *c, struct mono now, struct wall now_wall)
{
    struct mono moment = mono_add(now, dur_ms(MOMENT_MS));
    c->doubted |= c->running;
    if (!c->stale)
        return;
    c->failures = 0;
    if (mono_before(moment, schedule_wake(&c->next, now, now_wall)))
        plan_in_a_moment(c, now);
}

void cycle_hold(struct cycle *c)
{
    c->held = true;
}

void cycle_release(struct cycle *c, struct mono now, struct wall now_wall)
{
    if (c->held && schedule_due(&c->next, now, now_wall))
        plan_in_a_moment(c, now);
    c->held = false;
}

bool cycle_lapse(struct cycle *c, struct mono now, struct wall now_wall)
{
    if (!c->held || c->running || c->stale || !schedule_due(&c->next, now, now_wall))
        return false;
    end_in_vain(c);
    return true;
}

struct mono cycle_wake(const struct cycle *c, struct mono now, struct wall now_wall)
{
    bool is_waiting = c->held && c->stale;
    return c->running || is_waiting ? MONO_NEVER : schedule_wake(&c->next, now, now_wall);
}
