/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload.h"

void reload_init(struct reload *r, bool is_offered)
{
    *r = (struct reload){.is_offered = is_offered, .last = WALL_NONE};
}

static void begin(struct reload *r)
{
    r->is_running = true;
    r->is_queued = false;
    r->is_given_up = false;
    r->begun++;
}

enum reload_answer reload_ask(struct reload *r)
{
    if (!r->is_offered)
        return RELOAD_NEVER;
    if (r->is_stopping)
        return RELOAD_STOPPING;
    r->is_queued = r->is_running;
    if (r->is_running)
        return RELOAD_QUEUED;
    begin(r);
    return RELOAD_BEGIN;
}

static void count(struct reload *r, bool is_ok, struct wall now)
{
    if (is_ok)
        r->succeeded++;
    else
        r->failed++;
    r->last = now;
}

bool reload_ended(struct reload *r, bool is_ok, struct wall now)
{
    r->is_running = false;
    if (!r->is_given_up)
        count(r, is_ok, now);
    bool goes_on = r->is_queued && !r->is_stopping;
    if (goes_on)
        begin(r);
    return goes_on;
}

void reload_give_up(struct reload *r, struct wall now)
{
    if (!r->is_given_up)
        count(r, false, now);
    r->is_given_up = true;
}

void reload_stop(struct reload *r)
{
    r->is_stopping = true;
    r->is_queued = false;
}

bool reload_is_under_way(const struct reload *r)
{
    return r->is_running && !r->is_given_up;
}

unsigned reload_awaited(const struct reload *r)
{
    return r->begun + 1;
}

unsigned reload_done(const struct reload *r)
{
    return r->succeeded + r->failed;
}
