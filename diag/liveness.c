/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/liveness.h"

#define TICKS_PER_STALL 4

struct mono liveness_next_tick(const struct liveness *l)
{
    if (l->stall.ns <= 0)
        return MONO_NEVER;
    return mono_add(l->ticked, (struct dur){l->stall.ns / TICKS_PER_STALL});
}

struct dur liveness_stalled(const struct liveness *l, struct mono now)
{
    struct dur since = mono_diff(now, l->ticked);
    return l->stall.ns > 0 && since.ns > l->stall.ns ? since : (struct dur){0};
}
