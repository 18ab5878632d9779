/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants about what is decided and how often, and about the cluster's return. */
#include "tests/sim/world.h"

#include "agent/identity_advice.h"

/* After so long an outage everybody asks gently. */
#define GENTLE_S MINUTES(8)
#define GENTLEST_S MINUTES(66)

/* The cluster changed its mind while the question was under way. */
#define JUST_NOW_S 90

static bool is_never(struct mono t)
{
    return t.ns == MONO_NEVER.ns;
}

/* --- bounded --- */

/* Of trouble that both the cluster has and the identity has met. */
static int64_t trouble_s(const struct world_agent *a)
{
    const struct world *w = a->world;
    if (w->net.way == WAY_OPEN || is_never(a->watch.failing_since))
        return 0;
    struct dur outage = mono_diff(w->t, w->net.down_since);
    struct dur failing = mono_diff(w->t, a->watch.failing_since);
    return dur_to_s(outage.ns < failing.ns ? outage : failing);
}

/* An output does not know of an outage that was there before its process. */
static bool knows_outage(const struct world_agent *a)
{
    const struct world *w = a->world;
    return w->net.way != WAY_OPEN && mono_diff(w->t, w->net.down_since).ns > dur_s(GENTLE_S).ns &&
           mono_diff(w->t, a->watch.started_at).ns > dur_s(MINUTES(2)).ns;
}

/* Calls of one kind in a minute: of an identity, of an output. */
static unsigned most_in_a_minute(const struct world_agent *a, enum call_kind kind)
{
    int64_t s = trouble_s(a);
    unsigned outputs = a->world->config->n_outputs;
    if (kind == CALL_ISSUE)
        return knows_outage(a) ? 0 : 8 * outputs;
    if (kind == CALL_RENEW)
        return 8;
    if (s > GENTLEST_S)
        return 6;
    return s > GENTLE_S ? 10 : 30;
}

static void count_minute(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    int64_t minute = a->world->t.ns / dur_s(60).ns;
    if (minute == c->minute)
        return;
    c->minute = minute;
    for (size_t i = 0; i < CALL_KINDS; i++)
        c->begun[i] = 0;
}

void world_check_call(struct world_agent *a, enum call_kind kind)
{
    struct world_check *c = &a->watch;
    count_minute(a);
    if (++c->begun[kind] > most_in_a_minute(a, kind))
        world_broke(a->world, a, "bounded: %u calls '%s' in a minute", c->begun[kind],
                    call_kind_name(kind));
}

void world_check_connected(struct world_agent *a, enum route route)
{
    a->watch.has_route = true;
    a->watch.route = route;
}

void world_check_dial(struct world_agent *a, enum route first)
{
    const struct world_check *c = &a->watch;
    if (c->has_route && first != c->route)
        world_broke(a->world, a, "path: a dial begins with '%s', and '%s' worked last",
                    route_name(first), route_name(c->route));
}

void world_check_start(struct world_agent *a)
{
    a->watch.has_route = a->disk.has_route;
    a->watch.route = a->disk.route;
    world_check_asked(a);
}

void world_check_asked(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    c->failed_attempts = 0;
    c->minute = -1;
    c->started_at = a->world->t;
    c->failing_since = MONO_NEVER;
}

void world_check_job(struct world_agent *a, const struct renewer_event *outcome)
{
    struct world_check *c = &a->watch;
    bool is_attempt = outcome->job == RENEWER_JOB_CHECK || outcome->job == RENEWER_JOB_RENEW;
    if (outcome->code == ERR_OK && outcome->job == RENEWER_JOB_RENEW)
        c->failed_attempts = 0;
    c->failing_since =
        outcome->code == ERR_OK ? MONO_NEVER : mono_min(c->failing_since, a->world->t);
    if (c->is_old_cycle) /* the cluster came back while it ran */
        c->failed_attempts = 0;
    bool counts = is_attempt && !c->is_old_cycle && a->renewer.state == RENEWER_RENEWING;
    c->is_old_cycle = false;
    if (outcome->code == ERR_OK || !counts)
        return;
    if (++c->failed_attempts > a->renewer.config.attempts)
        world_broke(a->world, a, "bounded: %u attempts in a cycle of %u", c->failed_attempts,
                    a->renewer.config.attempts);
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

static bool is_trusted(const struct world_agent *a)
{
    const struct world_cluster *c = &a->world->cluster;
    return ((a->held.trusts | a->pins) & 1U << c->host.in_use) &&
           (c->user.trusted & 1U << a->held.signed_by);
}

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
        return !is_trusted(a) || was_just_now;
    case RENEWER_REFUSED:
        return was_just_now || a->token != a->held.token; /* a new token is */
    case RENEWER_EXPIRED:
        return !renewer_is_serving(&a->renewer, world_machine_now(a));
    default:
        return true;
    }
}

void world_check_contact(struct world_agent *a)
{
    a->watch.is_old_cycle = a->lane.step != LANE_IDLE;
    a->watch.failed_attempts = 0;
}

void world_check_decision(struct world_agent *a, enum renewer_state before,
                          struct renewer_todo todo)
{
    struct world_check *c = &a->watch;
    enum renewer_state state = a->renewer.state;
    if (state != before && state == RENEWER_RENEWING)
        c->failed_attempts = 0;
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
#define SILENCE_S 75

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
