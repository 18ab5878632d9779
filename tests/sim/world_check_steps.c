/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided: scheduled, just, once; and what the cluster's return brings. */
#include "tests/sim/world.h"
#include "tests/sim/world_truth.h"

#include "agent/identity_advice.h"

/* The cluster changed its mind while the question was under way. */
#define JUST_NOW_S 90

static bool is_never(struct mono t)
{
    return t.ns == MONO_NEVER.ns;
}

/* --- scheduled --- */

static void check_scheduled(struct world_agent *a, struct renewer_todo todo)
{
    const struct renewer *r = &a->renewer;
    bool waits_for_person = (r->state == RENEWER_HELD || r->state == RENEWER_OVERTAKEN ||
                             r->state == RENEWER_EXPIRED) &&
                            identity_advice_state(r->state);
    if (a->lane.step != LANE_IDLE || renewer_is_terminal(r) || waits_for_person)
        return;
    struct dur wait = mono_diff(todo.wake, world_machine_now(a).mono);
    if (is_never(todo.wake) || wait.ns > world_interval(a->world).ns)
        world_broke(a->world, a, "scheduled: nothing is, within an interval");
}

/* --- just --- */

static bool has_reason(const struct world_agent *a)
{
    const struct world_check *c = &a->watch;
    struct world_bot *bot = &a->world->cluster.bots[a->bot];
    const struct world_instance *i = world_cluster_instance(bot, a->held.instance);
    bool was_just_now = is_never(c->could_since) ||
                        mono_diff(a->world->t, c->could_since).ns < dur_s(JUST_NOW_S).ns;
    switch (a->renewer.state) {
    case RENEWER_OVERTAKEN:
        return i && i->generation > a->held.facts.generation;
    case RENEWER_HELD:
        return a->held.facts.per_instance && a->disk.is_open;
    case RENEWER_LOCKED:
        return bot->is_locked || bot->is_shut || was_just_now;
    case RENEWER_UNTRUSTED:
        return !world_truth_is_trusted(a) || was_just_now;
    case RENEWER_REFUSED:
        return was_just_now || a->token != a->held.token; /* a new token is */
    case RENEWER_EXPIRED:
        return !renewer_is_serving(&a->renewer, world_machine_now(a));
    default:
        return true;
    }
}

void world_check_decision(struct world_agent *a, enum renewer_state before,
                          struct renewer_todo todo)
{
    struct world_check *c = &a->watch;
    enum renewer_state state = a->renewer.state;
    if (state != before && state == RENEWER_RENEWING)
        c->failed_attempts = 0;
    if (state != before && state == RENEWER_EXPIRED)
        c->pause.has_heard = true; /* a cycle of its own */
    if (todo.job != RENEWER_JOB_NONE)
        world_check_begins(a, &c->pause);
    if (state != before && !has_reason(a))
        world_broke(a->world, a, "just: no reason for '%s'", renewer_state_name(state));
    check_scheduled(a, todo);
}

/* --- once --- */

void world_check_lock(struct world *w, const struct world_request *r, bool is_race)
{
    w->tally.races += is_race;
    if (is_race || w->config->may_lock)
        return;
    world_broke(w, NULL, "once: generation %d of bot %zu was presented again",
                (int)r->shown.facts.generation, r->bot);
}

/* --- return --- */

/* A silent outage is over for a packet when it is sent again; what waits has its own time limit. */
#define SILENCE_S 30

void world_check_return(struct world_agent *a, struct dur lasted, bool was_silent)
{
    struct world_check *c = &a->watch;
    int64_t s = dur_to_s(lasted);
    c->promised = dur_s((s < MINUTES(5)    ? 12
                         : s < MINUTES(60) ? 35
                                           : 68) +
                        (was_silent ? SILENCE_S : 0));
    c->back_at = a->world->t;
    c->held_at_return = a->held.serial;
    c->waits = a->renewer.state == RENEWER_STALE || a->renewer.state == RENEWER_RENEWING;
    for (size_t i = 0; i < a->world->config->n_outputs; i++) {
        const struct world_output *o = &a->outputs[i];
        c->files_at_return[i] = a->disk.files[i].key;
        c->output_waits[i] = o->is_started && (o->cycle.stale || o->cycle.failures > 0);
    }
    world_after(a->world, &c->patrol, c->promised);
}

/* While it holds: nothing came between that would excuse being late. */
static bool still_watches(const struct world_agent *a)
{
    const struct world_check *c = &a->watch;
    return !is_never(c->could_since) && !mono_before(c->back_at, c->could_since) &&
           world_agent_runs(a) && !a->world->config->is_lossy;
}

/* What waited for the return has it. */
static void note_return(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    struct dur took = mono_diff(a->world->t, c->back_at);
    bool was_waiting = c->waits, waits_still;
    c->waits &= a->held.serial == c->held_at_return;
    waits_still = c->waits;
    for (size_t i = 0; i < a->world->config->n_outputs; i++) {
        was_waiting |= c->output_waits[i];
        c->output_waits[i] &= a->disk.files[i].key == c->files_at_return[i];
        waits_still |= c->output_waits[i];
    }
    if (was_waiting && !waits_still && took.ns > a->world->tally.slowest_return.ns)
        a->world->tally.slowest_return = took;
}

static void check_kept(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    char text[DUR_SIZE];
    dur_format(c->promised, text);
    if (c->waits)
        world_broke(a->world, a, "return: the identity is not renewed %s after it", text);
    for (size_t i = 0; i < a->world->config->n_outputs; i++)
        if (c->output_waits[i])
            world_broke(a->world, a, "return: output %zu is not renewed %s after it", i, text);
}

void world_check_promise(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    if (is_never(c->back_at))
        return;
    if (!still_watches(a)) {
        c->back_at = MONO_NEVER;
        return;
    }
    note_return(a);
    if (mono_diff(a->world->t, c->back_at).ns < c->promised.ns)
        return;
    check_kept(a);
    c->back_at = MONO_NEVER;
}
