/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_plan.h"

#include "identity/backoff.h"

static void plan(struct hook_plan *p, struct mono at)
{
    p->is_planned = true;
    p->next = at;
}

void hook_plan_want(struct hook_plan *p, struct mono now)
{
    p->is_wanted = p->is_running;
    if (p->is_running)
        return;
    p->failures = 0;
    plan(p, now);
}

struct mono hook_plan_wake(const struct hook_plan *p)
{
    return p->is_planned && !p->is_running ? p->next : MONO_NEVER;
}

void hook_plan_started(struct hook_plan *p)
{
    p->is_running = true;
    p->is_planned = false;
}

void hook_plan_ended(struct hook_plan *p, bool is_ok, bool may_retry, struct mono now,
                     const struct entropy *entropy)
{
    bool was_wanted = p->is_wanted;
    p->is_running = p->is_wanted = false;
    p->failures = is_ok ? 0 : p->failures + 1;
    if (was_wanted)
        hook_plan_want(p, now);
    else if (!is_ok && may_retry && p->failures < HOOK_PLAN_ATTEMPTS)
        plan(p, mono_add(now, backoff_attempt(p->failures, entropy)));
}

void hook_plan_stop(struct hook_plan *p)
{
    p->is_wanted = p->is_planned = false;
}
