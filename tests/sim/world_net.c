/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

void world_net_init(struct world *w)
{
    w->net = (struct world_net){.since = {0}, .down_since = MONO_NEVER};
}

enum world_way world_net_meets(const struct world *w, enum route route)
{
    return w->net.way != WAY_OPEN ? w->net.way : w->net.routes[route];
}

struct dur world_net_delay(struct world *w)
{
    return world_between(w, dur_ms(1), dur_ms(30));
}

struct mono world_net_again(const struct world *w, struct mono first)
{
    for (int64_t s = 1;; s = 2 * s + 1) {
        struct mono at = mono_add(first, dur_s(s));
        if (mono_before(w->t, at))
            return at;
    }
}

void world_net_break(struct world_agent *a)
{
    if (!a->conn.is_up)
        return;
    a->conn.is_up = false;
    world_call_break(&a->lane.call);
    world_call_break(&a->check);
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        world_call_break(&a->outputs[i].call);
    if (world_machine_is_awake(a))
        world_connection_step(a, CONTACT_SUSPECT, ERR_OK);
}

void world_net_cut(struct world *w)
{
    for (size_t i = 0; i < w->n_agents && !w->is_broken; i++)
        world_net_break(&w->agents[i]);
}

static void tell_return(struct world *w, bool was_silent)
{
    struct dur lasted = mono_diff(w->t, w->net.down_since);
    for (size_t i = 0; i < w->n_agents; i++)
        world_check_return(&w->agents[i], lasted, was_silent);
}

void world_net_set(struct world *w, enum world_way way)
{
    enum world_way before = w->net.way;
    if (way == before)
        return;
    w->net.way = way;
    w->net.since = w->t;
    if (before == WAY_OPEN)
        w->net.down_since = w->t;
    if (way == WAY_REFUSES)
        world_net_cut(w);
    if (way == WAY_OPEN)
        tell_return(w, before == WAY_SILENT);
}
