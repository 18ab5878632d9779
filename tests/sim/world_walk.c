/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

static void on_end(void *arg)
{
    struct world *w = arg;
    world_machine_restart(&w->agents[0], w->options.gently);
}

void world_walk_init(struct world *w)
{
    w->walk.ends = (struct loop_timer){.fn = on_end, .arg = w};
}

static uint32_t situation(const struct world_agent *a)
{
    const struct world_lane *l = &a->lane;
    bool has_job = l->step != LANE_IDLE;
    uint32_t job = has_job ? (uint32_t)l->job : 0;
    uint32_t call = l->step == LANE_ASKING ? 1 + (uint32_t)l->call.kind : 0;
    return (uint32_t)a->renewer.state | job << 4 | (uint32_t)l->step << 8 | call << 12 |
           (uint32_t)a->disk.is_open << 16 | (uint32_t)a->contact.state << 17 |
           (uint32_t)world_agent_runs(a) << 20 |
           (uint32_t)(l->step == LANE_ASKING && l->call.is_written) << 21;
}

void world_walk_step(struct world_agent *a)
{
    struct world *w = a->world;
    struct world_walk *walk = &w->walk;
    if (a->number != 0)
        return;
    if (w->options.break_at_step == a->watch.steps)
        world_after(w, &walk->ends, dur_s(0));
    uint32_t what = situation(a);
    for (size_t i = 0; i < walk->n_situations; i++)
        if (walk->situations[i].what == what)
            return;
    if (walk->n_situations < WORLD_SITUATIONS_MAX) {
        walk->situations[walk->n_situations].what = what;
        walk->situations[walk->n_situations++].step = a->watch.steps;
    }
}
