/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* 2026-01-01 */
#define EPOCH_S 1767225600

#define DEFAULT_TTL_S HOURS(1)
#define DEFAULT_INTERVAL_S MINUTES(20)

/* Drawn apart for each purpose from one seed. */
#define WORLD_STREAM UINT64_C(0x776f726c64)

_Noreturn void world_die(const char *why)
{
    fprintf(stderr, "the simulation itself: %s\n", why);
    exit(2);
}

struct wall world_calendar(const struct world *w)
{
    return wall_add(wall_of_unix(EPOCH_S), (struct dur){w->t.ns});
}

struct dur world_ttl(const struct world *w)
{
    return dur_s(w->config->ttl_s ? w->config->ttl_s : DEFAULT_TTL_S);
}

struct dur world_interval(const struct world *w)
{
    return dur_s(w->config->interval_s ? w->config->interval_s : DEFAULT_INTERVAL_S);
}

void world_at(struct world *w, struct loop_timer *t, struct mono at)
{
    if (t->slot)
        loop_heap_remove(&w->timers, t);
    if (at.ns == MONO_NEVER.ns)
        return;
    t->at = mono_before(at, w->t) ? w->t : at;
    struct err *e = loop_heap_add(&w->timers, t);
    if (e)
        world_die("no memory");
}

void world_after(struct world *w, struct loop_timer *t, struct dur wait)
{
    world_at(w, t, mono_add(w->t, wait));
}

uint64_t world_id(struct world *w)
{
    return ++w->next_id;
}

uint64_t world_below(struct world *w, uint64_t bound)
{
    return entropy_below(&w->dice.entropy, bound);
}

struct dur world_between(struct world *w, struct dur lo, struct dur hi)
{
    return entropy_between(&w->dice.entropy, lo, hi);
}

bool world_chance(struct world *w, unsigned percent)
{
    return percent > 0 && world_below(w, 100) < percent;
}

void world_broke(struct world *w, const struct world_agent *a, const char *format, ...)
{
    char at[DUR_SIZE];
    if (w->is_broken)
        return;
    w->is_broken = true;
    va_list ap;
    va_start(ap, format);
    fflush(stdout);
    fprintf(stderr, "broken: ");
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, " (seed %" PRIu64 ", after %s", w->seed, dur_format((struct dur){w->t.ns}, at));
    if (a)
        fprintf(stderr, ", agent %zu %s at step %" PRIu64, a->number,
                renewer_state_name(a->renewer.state), a->watch.steps);
    fprintf(stderr, ")\n");
}

void world_init(struct world *w, const struct world_config *config, uint64_t seed,
                const struct world_options *options)
{
    *w = (struct world){.config = config, .options = *options, .seed = seed};
    fake_entropy_init(&w->dice, seed ^ WORLD_STREAM);
    w->n_agents = config->n_agents ? config->n_agents : 1;
    w->agents = calloc(w->n_agents, sizeof(*w->agents));
    if (!w->agents)
        world_die("no memory");
    world_log_init(w);
    world_net_init(w);
    world_cluster_init(w);
    for (size_t i = 0; i < w->n_agents; i++)
        world_machine_init(&w->agents[i], w, i);
    world_script_init(w);
    world_walk_init(w);
}

void world_release(struct world *w)
{
    for (size_t i = 0; i < w->n_agents; i++)
        world_machine_release(&w->agents[i]);
    world_request_release_all(w);
    world_cluster_release(w);
    world_log_release(w);
    loop_heap_release(&w->timers);
    free(w->agents);
}

bool world_run(struct world *w)
{
    struct mono end = {dur_s(w->config->run_s).ns};
    struct loop_timer *next;
    while (!w->is_broken && (next = loop_heap_first(&w->timers)) && mono_before(next->at, end)) {
        loop_heap_remove(&w->timers, next);
        w->t = next->at;
        next->fn(next->arg);
    }
    return !w->is_broken;
}
