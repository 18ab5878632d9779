/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/scenario.h"

#include <inttypes.h>
#include <stdio.h>

/* A process that is ended before its first identity is there is without one for longer. */
#define RESTART_S 40

static bool wrong(const struct world *w, const struct scenario *s, const char *what)
{
    const struct world_agent *a = &w->agents[0];
    char without[DUR_SIZE];
    fprintf(stderr,
            "wrong end of %s, seed %" PRIu64
            ": %s (identity %s, process %d, %u renewals, %u joins, "
            "%u asked in a second, without for %s)\n",
            s->name, w->seed, what, renewer_state_name(a->renewer.state), (int)a->exit,
            w->tally.renewals, w->tally.joins, w->cluster.most_in_second,
            dur_format(w->tally.without, without));
    return false;
}

/* Where a reply can get lost, an identity can: between the cluster's commit and the disk. A gentle stop
 * alone does not lose one. */
static bool is_excused(const struct world *w)
{
    const struct world_agent *a = &w->agents[0];
    bool is_quiet = true;
    for (size_t i = 0; i < WORLD_SCRIPT_MAX; i++)
        is_quiet &= w->config->script[i].what == NOTHING || w->config->script[i].what == STOP;
    bool is_gentle =
        is_quiet && !w->config->is_lossy && (w->options.break_at_step == 0 || w->options.gently);
    return (a->watch.has_lost_token || a->watch.has_lost_reply) && !is_gentle;
}

static bool judge_agents(const struct world *w, const struct scenario *s)
{
    for (size_t i = 0; i < w->n_agents; i++) {
        const struct world_agent *a = &w->agents[i];
        unsigned exits = s->exits ? s->exits : EXITS(RUNS);
        enum world_exit exit = a->starts_again ? WORLD_RUNS : a->exit;
        if (!(exits & 1U << exit))
            return wrong(w, s, "the process should have ended otherwise");
        if (s->in && !(s->in & 1U << a->renewer.state))
            return wrong(w, s, "the identity should be in another state");
    }
    return true;
}

static bool judge(const struct world *w, const struct scenario *s)
{
    int64_t without_s = s->without_s + (w->options.break_at_step ? RESTART_S : 0);
    if (is_excused(w))
        return true;
    if (!judge_agents(w, s))
        return false;
    if (dur_to_s(w->tally.without) > without_s)
        return wrong(w, s, "nothing valid for too long");
    if (w->tally.renewals < s->min_renewals)
        return wrong(w, s, "too few renewals");
    if (s->max_joins && w->tally.joins > s->max_joins)
        return wrong(w, s, "too many joins");
    if (s->most_in_a_second && w->cluster.most_in_second > s->most_in_a_second)
        return wrong(w, s, "the cluster is asked too much at once");
    return true;
}

static void add(struct world_tally *all, const struct world *w)
{
    all->runs++;
    all->joins += w->tally.joins;
    all->renewals += w->tally.renewals;
    all->races += w->tally.races;
    all->losses += is_excused(w);
    if (!is_excused(w) && w->tally.without.ns > all->without.ns)
        all->without = w->tally.without;
    if (w->tally.slowest_return.ns > all->slowest_return.ns)
        all->slowest_return = w->tally.slowest_return;
    if (w->cluster.most_in_second > all->most_in_second)
        all->most_in_second = w->cluster.most_in_second;
}

bool scenario_run(const struct scenario *s, uint64_t seed, const struct world_options *options,
                  struct world_tally *sum)
{
    struct world w;
    world_init(&w, &s->config, seed, options);
    bool ok = world_run(&w) && judge(&w, s);
    add(sum, &w);
    world_release(&w);
    return ok;
}

/* What was met in a run without an end, by the step. */
static struct world_walk explore(const struct scenario *s, uint64_t seed)
{
    struct world w;
    world_init(&w, &s->config, seed, &(struct world_options){0});
    world_run(&w);
    struct world_walk walk = w.walk;
    world_release(&w);
    return walk;
}

bool scenario_walk(const struct scenario *s, uint64_t seed, struct world_options *ret_at,
                   struct world_tally *sum)
{
    struct world_walk walk = explore(s, seed);
    for (size_t i = 0; i < 2 * walk.n_situations; i++) {
        *ret_at = (struct world_options){.break_at_step = walk.situations[i / 2].step,
                                         .gently = i % 2 == 1};
        if (!scenario_run(s, seed, ret_at, sum))
            return false;
    }
    return true;
}
