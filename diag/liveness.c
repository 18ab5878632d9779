/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/liveness.h"

#define TICKS_PER_STALL 4
#define TOLD_S 1

static bool is_too_long(const struct liveness *l, struct dur since)
{
    return l->stall.ns > 0 && since.ns > l->stall.ns;
}

void liveness_tick(struct liveness *l, struct mono now)
{
    struct dur since = mono_diff(now, l->ticked);
    l->ticked = now;
    if (!is_too_long(l, since))
        return;
    l->stood = since;
    l->told_until = mono_add(now, dur_s(TOLD_S));
}

struct mono liveness_next_tick(const struct liveness *l)
{
    if (l->stall.ns <= 0)
        return MONO_NEVER;
    return mono_add(l->ticked, (struct dur){l->stall.ns / TICKS_PER_STALL});
}

struct dur liveness_stalled(const struct liveness *l, struct mono now)
{
    struct dur since = mono_diff(now, l->ticked);
    if (is_too_long(l, since))
        return since;
    return mono_before(now, l->told_until) ? l->stood : (struct dur){0};
}
