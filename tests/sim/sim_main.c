/* SPDX-License-Identifier: Apache-2.0 */
/* Runs scenarios over seeds; tests/README.md says how to add one. */
#include "tests/sim/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The text that is logged depends on what happens, not on how often: the first seeds are enough. */
#define SEEDS_WITH_LOG 3

/* Of so many seeds one is for what takes long. */
#define SEEDS_TO_A_LARGE_ONE 200

static const struct scenario_table *const tables[] = {
    &scenarios_outages, &scenarios_machines, &scenarios_cluster,
    &scenarios_fleets,  &scenarios_options,  &scenarios_regressions,
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

struct run {
    const char *program;
    uint64_t first, count;
    struct world_options options;
    bool is_quick;
    char **filters;
    size_t n_filters;
    unsigned ok, failed;
};

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [-n COUNT] [-s SEED] [-q] [-v] [-b STEP [-g]] [SCENARIO…]\n"
            "  -n COUNT  so many seeds for each scenario (20)\n"
            "  -s SEED   begin with this seed; without -n only this one\n"
            "  -q        leave out the year and the fleets\n"
            "  -v        show what is logged and decided\n"
            "  -b STEP   kill the first agent's process after this step; -g: stop it gently\n"
            "  SCENARIO  only those whose number begins so (0, 004), or whose name has this text\n",
            program);
}

static bool matches(const struct scenario *s, const char *filter)
{
    const char *found = strstr(s->name, filter);
    bool is_number = strspn(filter, "0123456789") == strlen(filter);
    return is_number ? found == s->name : found != NULL;
}

static bool is_wanted(const struct run *r, const struct scenario *s)
{
    if (r->is_quick && s->is_large)
        return false;
    for (size_t i = 0; i < r->n_filters; i++)
        if (matches(s, r->filters[i]))
            return true;
    return r->n_filters == 0;
}

static uint64_t share(uint64_t count, uint64_t of)
{
    return count > of ? count / of : 1;
}

static bool failed(const struct run *r, const struct scenario *s, uint64_t seed,
                   const struct world_options *at)
{
    printf("not ok %s\n  again: %s -v -s %" PRIu64, s->name, r->program, seed);
    if (at->break_at_step)
        printf(" -b %" PRIu64 "%s", at->break_at_step, at->gently ? " -g" : "");
    printf(" %s\n", s->name);
    return false;
}

static bool run_seed(const struct run *r, const struct scenario *s, uint64_t seed,
                     struct world_tally *sum)
{
    struct world_options at = r->options;
    at.with_log = seed - r->first < SEEDS_WITH_LOG && !s->is_large;
    if (!scenario_run(s, seed, &at, sum))
        return failed(r, s, seed, &at);
    bool may_walk = s->walk_each && !at.break_at_step && !at.verbose;
    if (may_walk && (seed - r->first) % s->walk_each == 0 && !scenario_walk(s, seed, &at, sum))
        return failed(r, s, seed, &at);
    return true;
}

static void say(const struct scenario *s, uint64_t seeds, const struct world_tally *sum,
                struct dur took)
{
    char without[DUR_SIZE], back[DUR_SIZE];
    printf("ok %-46s %5" PRIu64 " seeds %5.1f s, %u renewals", s->name, seeds,
           (double)dur_to_ms(took) / 1000, sum->renewals);
    if (sum->runs > seeds)
        printf(", %" PRIu64 " restarts walked", sum->runs - seeds);
    if (sum->without.ns > 0)
        printf(", without for %s", dur_format(sum->without, without));
    if (sum->slowest_return.ns > 0)
        printf(", back within %s", dur_format(sum->slowest_return, back));
    if (s->config.n_agents > 2)
        printf(", at most %u requests in a second", sum->most_in_second);
    if (sum->losses)
        printf(", %u lost a reply", sum->losses);
    if (sum->races)
        printf(", %u races lost", sum->races);
    printf("\n");
}

static bool run_scenario(const struct run *r, const struct scenario *s)
{
    uint64_t count = s->is_large ? share(r->count, SEEDS_TO_A_LARGE_ONE) : r->count;
    struct world_tally sum = {0};
    struct mono began = clock_mono(clock_system());
    for (uint64_t seed = r->first; seed < r->first + count; seed++)
        if (!run_seed(r, s, seed, &sum))
            return false;
    say(s, count, &sum, mono_diff(clock_mono(clock_system()), began));
    return true;
}

static void run_all(struct run *r)
{
    for (size_t t = 0; t < N_TABLES; t++)
        for (size_t i = 0; i < tables[t]->n; i++) {
            const struct scenario *s = &tables[t]->scenarios[i];
            if (!is_wanted(r, s))
                continue;
            bool ok = run_scenario(r, s);
            fflush(stdout);
            r->ok += ok;
            r->failed += !ok;
        }
}

static bool parse(int argc, char **argv, struct run *r)
{
    bool has_seed = false, has_count = false;
    for (int c; (c = getopt(argc, argv, "n:s:b:gqv")) != -1;) {
        uint64_t n = optarg ? strtoull(optarg, NULL, 10) : 0;
        if (c == 'n')
            r->count = n, has_count = true;
        else if (c == 's')
            r->first = n, has_seed = true;
        else if (c == 'b')
            r->options.break_at_step = n;
        else if (c == 'g')
            r->options.gently = true;
        else if (c == 'q')
            r->is_quick = true;
        else if (c == 'v')
            r->options.verbose = true;
        else
            return false;
    }
    if (has_seed && !has_count)
        r->count = 1;
    r->filters = argv + optind;
    r->n_filters = (size_t)(argc - optind);
    return r->count > 0;
}

int main(int argc, char **argv)
{
    struct run r = {.program = argv[0], .first = 1, .count = 20};
    if (!parse(argc, argv, &r)) {
        usage(argv[0]);
        return 2;
    }
    run_all(&r);
    printf("%u scenarios, %u failed; seeds from %" PRIu64 "\n", r.ok + r.failed, r.failed, r.first);
    return r.failed || r.ok == 0 ? 1 : 0;
}
