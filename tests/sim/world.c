/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* 2026-01-01 */
#define EPOCH_S 1767225600

static uint64_t next_random(struct world *w)
{
    w->random += 0x9e3779b97f4a7c15u;
    uint64_t z = w->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The renewer's entropy is the world's generator; there is one world at a time. */
static struct world *current;

static void fill(const struct entropy *e, void *out, size_t len)
{
    (void)e;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)next_random(current);
}

static const struct entropy entropy = {fill};

static struct dur elapsed(const struct world *w)
{
    return mono_diff(w->now.mono, w->began);
}

static bool broken(const struct world *w, const char *what)
{
    fprintf(stderr, "invariant broken: %s (seed %" PRIu64 ", t=%" PRId64 "s, state %s)\n", what,
            w->config->seed, dur_to_s(elapsed(w)), renewer_state_name(w->renewer.state));
    return false;
}

/* The cluster's calendar is ours less the offset. */
static struct renewer_identity issue(struct world *w, int64_t generation)
{
    struct wall cluster_now = {w->now.wall.ns - w->config->wall_offset.ns};
    return (struct renewer_identity){
        .validity = {.not_before = wall_add(cluster_now, dur_s(-60)),
                     .not_after = wall_add(cluster_now, w->config->ttl)},
        .generation = generation,
        .per_instance = w->config->per_instance,
    };
}

static bool disk_is_full(const struct world *w)
{
    return w->config->disk_full && w->config->disk_full(elapsed(w));
}

static void save(struct world *w, struct renewer_event *ev)
{
    ev->unpersisted = disk_is_full(w);
    if (ev->unpersisted)
        return;
    w->disk.has_identity = true;
    w->disk.open = false;
    w->disk.identity = ev->identity;
}

static void serve_join(struct world *w, enum fate fate, struct renewer_event *ev)
{
    if (fate != FATE_OK) {
        ev->code = ERR_UNAVAILABLE;
        return;
    }
    w->joins++;
    w->cluster.generation = 1;
    ev->identity = issue(w, 1);
    save(w, ev);
}

static void serve_renew(struct world *w, enum fate fate, struct renewer_event *ev)
{
    bool tight = schedule_is_tight(w->renewer.identity.validity, w->now.wall);
    ev->code = ERR_UNAVAILABLE;
    if (disk_is_full(w) && !tight) {
        ev->code = ERR_STORAGE; /* no journal, no request */
        return;
    }
    if (fate == FATE_DOWN)
        return;
    w->disk.open = !disk_is_full(w);
    ev->written = true;
    if (fate == FATE_LOST_REQUEST)
        return;
    if (w->renewer.identity.generation != w->cluster.generation) {
        w->cluster.locked = true;
        ev->code = ERR_LOCKED;
        return;
    }
    w->cluster.generation++;
    if (fate != FATE_OK)
        return;
    ev->code = ERR_OK;
    ev->identity = issue(w, w->cluster.generation);
    w->renewals++;
    save(w, ev);
}

static void serve_read(struct world *w, enum fate fate, struct renewer_event *ev)
{
    w->reads++;
    ev->code = fate == FATE_OK ? ERR_OK : ERR_UNAVAILABLE;
    ev->generation = w->cluster.generation;
}

static void pass_time(struct world *w, struct dur d)
{
    if (!renewer_is_serving(&w->renewer, w->now))
        w->without.ns += d.ns;
    w->now.mono = mono_add(w->now.mono, d);
    w->now.wall = wall_add(w->now.wall, d);
}

static struct renewer_event serve(struct world *w, enum renewer_job job)
{
    struct renewer_event ev = {.kind = RENEWER_JOB_DONE, .job = job};
    enum fate fate = w->config->fate ? w->config->fate(w, elapsed(w), job) : FATE_OK;
    if (job == RENEWER_JOB_JOIN)
        serve_join(w, fate, &ev);
    else if (job == RENEWER_JOB_RENEW)
        serve_renew(w, fate, &ev);
    else if (job == RENEWER_JOB_CHECK || job == RENEWER_JOB_RESOLVE)
        serve_read(w, fate, &ev);
    else if (disk_is_full(w))
        ev.code = ERR_STORAGE;
    else
        w->disk.identity = w->renewer.identity;
    return ev;
}

static struct renewer_event boot(struct world *w)
{
    struct renewer_config c = {.interval = w->config->interval,
                               .attempts = 7,
                               .can_join = w->config->can_join,
                               .retry_open = w->config->retry_open,
                               .startup_limit = dur_s(120),
                               .entropy = &entropy};
    renewer_init(&w->renewer, &c);
    return (struct renewer_event){.kind = RENEWER_START,
                                  .has_identity = w->disk.has_identity,
                                  .open = w->disk.open,
                                  .proven = w->disk.has_identity,
                                  .identity = w->disk.identity};
}

static bool check(const struct world *w, struct renewer_todo todo)
{
    const struct renewer *r = &w->renewer;
    if (w->cluster.locked)
        return broken(w, "an old generation was presented: the bot is locked");
    if (r->attempt > r->config.attempts && r->state == RENEWER_RENEWING)
        return broken(w, "more attempts in a cycle than allowed");
    bool waits_for_person = r->state == RENEWER_HELD || r->state == RENEWER_OVERTAKEN ||
                            r->state == RENEWER_EXPIRED || renewer_is_terminal(r);
    if (todo.job == RENEWER_JOB_NONE && todo.wake.ns == MONO_NEVER.ns && !waits_for_person)
        return broken(w, "nothing is scheduled");
    return true;
}

static bool crashes_now(struct world *w, struct dur waited)
{
    if (w->config->crash_every.ns == 0)
        return false;
    uint64_t odds = (uint64_t)(w->config->crash_every.ns / (waited.ns + 1)) + 1;
    return next_random(w) % odds == 0;
}

bool world_run(struct world *w, const struct world_config *config)
{
    memset(w, 0, sizeof(*w));
    w->config = config;
    w->random = config->seed;
    w->now.wall = wall_add(wall_of_unix(EPOCH_S), config->wall_offset);
    w->now.mono = w->began = (struct mono){1000};
    current = w;

    struct renewer_event ev = boot(w);
    while (elapsed(w).ns < config->run_for.ns) {
        struct renewer_todo todo = renewer_step(&w->renewer, &ev, w->now);
        if (!check(w, todo))
            return false;
        if (todo.job == RENEWER_JOB_NONE && todo.wake.ns == MONO_NEVER.ns)
            break;
        struct dur wait = {0};
        if (todo.job != RENEWER_JOB_NONE) {
            ev = serve(w, todo.job);
            wait = dur_ms(5 + (int64_t)(next_random(w) % 50));
        } else {
            ev = (struct renewer_event){.kind = RENEWER_TIMER};
            wait = mono_diff(todo.wake, w->now.mono);
        }
        pass_time(w, wait);
        if (crashes_now(w, wait)) {
            w->crashes++;
            ev = boot(w);
        }
    }
    return true;
}
