/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cycle.h"

#include "identity/backoff.h"

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
    return !c->running && schedule_due(&c->next, now, now_wall);
}

void cycle_started(struct cycle *c)
{
    c->running = true;
}

static void failed(struct cycle *c, enum err_code code, struct mono now)
{
    c->last_code = code;
    c->failures++;
    if (err_class(code) == ERR_CLASS_PASSING && c->failures < c->config.attempts) {
        plan(c, mono_add(now, backoff_attempt(c->failures, c->config.entropy)));
        return;
    }
    c->failures = 0;
    c->stale = true;
    struct dur four_fifths = {c->config.interval.ns / 5 * 4};
    plan(c, mono_add(now, entropy_between(c->config.entropy, four_fifths, c->config.interval)));
}

void cycle_done(struct cycle *c, enum err_code code, struct validity v, struct mono now,
                struct wall now_wall)
{
    c->running = false;
    if (code != ERR_OK) {
        failed(c, code, now);
        return;
    }
    c->last_code = ERR_OK;
    c->failures = 0;
    c->stale = false;
    c->next = schedule_issued(v, c->config.interval, now, now_wall, c->config.entropy);
}

void cycle_now(struct cycle *c, struct mono now)
{
    c->failures = 0;
    plan(c, now);
}

struct mono cycle_wake(const struct cycle *c, struct mono now, struct wall now_wall)
{
    return c->running ? MONO_NEVER : schedule_wake(&c->next, now, now_wall);
}
