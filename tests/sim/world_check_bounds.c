/* SPDX-License-Identifier: Apache-2.0 */
/* How often something is done: the bounds of a cycle, of a minute and of a moment; where a dial begins. */
#include "tests/sim/world.h"

/* After so long an outage everybody asks gently. */
#define GENTLE_S MINUTES(8)
#define GENTLEST_S MINUTES(66)

/* Half of the shortest back-off, less what a step takes. */
#define PAUSE_MS 400

/* Of an output: in one cycle, and the longest back-off within it. */
#define OUTPUT_ATTEMPTS 5
#define LONGEST_PAUSE_S 60

static bool is_never(struct mono t)
{
    return t.ns == MONO_NEVER.ns;
}

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
        return knows_outage(a) ? 0 : 2 * OUTPUT_ATTEMPTS * outputs; /* the identity is fresh */
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
    a->watch.could_since = MONO_NEVER;
    world_check_clock_changed(a);
    a->watch.has_route = a->disk.has_route;
    a->watch.route = a->disk.route;
    world_check_asked(a);
}

void world_check_asked(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    world_check_heard(a);
    c->failed_attempts = 0;
    c->is_old_cycle = a->lane.step != LANE_IDLE; /* what runs */
    c->minute = -1;
    c->started_at = a->world->t;
    c->failing_since = MONO_NEVER;
}

void world_check_job(struct world_agent *a, const struct renewer_event *outcome)
{
    struct world_check *c = &a->watch;
    world_check_ended(a, &c->pause, outcome->code);
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
    if (++c->failed_attempts > WORLD_ATTEMPTS)
        world_broke(a->world, a, "bounded: %u attempts in a cycle of %d", c->failed_attempts,
                    WORLD_ATTEMPTS);
}

void world_check_contact(struct world_agent *a)
{
    a->watch.is_old_cycle = a->lane.step != LANE_IDLE;
    a->watch.failed_attempts = 0;
    a->watch.pause.has_heard = true;
}

void world_check_ended(struct world_agent *a, struct world_pause *p, enum err_code code)
{
    bool is_passing = code != ERR_OK && err_class(code) == ERR_CLASS_PASSING;
    p->failed_at = is_passing ? a->world->t : MONO_NEVER;
    p->failed = is_passing ? p->failed + 1 : 0;
}

/* A first start, and one pass, make a last attempt when their time is over. */
static bool may_hurry(const struct world_agent *a, const struct world_pause *p)
{
    return p->has_heard || a->world->config->one_pass || a->renewer.state == RENEWER_JOINING;
}

/* A pause longer than any back-off ends an output's cycle. One pass counts time instead. */
static void check_cycle(struct world_agent *a, struct world_pause *p, struct dur pause)
{
    if (pause.ns > dur_s(LONGEST_PAUSE_S).ns)
        p->failed = 0;
    if (p->is_output && p->failed >= OUTPUT_ATTEMPTS && !a->world->config->one_pass)
        world_broke(a->world, a, "bounded: %u attempts of an output in a cycle of %d",
                    p->failed + 1, OUTPUT_ATTEMPTS);
}

void world_check_begins(struct world_agent *a, struct world_pause *p)
{
    struct dur pause = mono_diff(a->world->t, p->failed_at);
    if (p->has_heard) /* news ends a cycle; a new process begins one, whatever ran in the old */
        p->failed = 0;
    if (!is_never(p->failed_at)) {
        if (!may_hurry(a, p) && pause.ns < dur_ms(PAUSE_MS).ns)
            world_broke(a->world, a, "bounded: tried again without a pause");
        check_cycle(a, p, pause);
    }
    p->failed_at = MONO_NEVER;
    p->has_heard = false;
}

void world_check_heard(struct world_agent *a)
{
    a->watch.pause.has_heard = true;
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        a->watch.output_pauses[i].has_heard = true;
}
