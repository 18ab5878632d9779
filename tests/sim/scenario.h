/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_SCENARIO_H
#define TBOT_TESTS_SIM_SCENARIO_H

/*
 * A scenario is a line in a table: what the world is like, what happens in it, and how it must end. The
 * invariants of world_check.h hold in all of them; what stands here is beside those.
 *
 * Numbers tell the kind: 0xx situations, 1xx one for each option, 2xx regressions. A name says what
 * happens. Each runs with many seeds.
 */

#include "tests/sim/world.h"

#define IN(state) (1U << RENEWER_##state)
#define EXITS(how) (1U << WORLD_##how)

struct scenario {
    const char *name;
    struct world_config config;

    unsigned in;    /* states in which the last process may end, IN(FRESH) | …; 0: any */
    unsigned exits; /* how its process may end, EXITS(DONE) | …; 0: it still runs */

    /* The longest time in which an agent has nothing valid to serve, in seconds. */
    int64_t without_s;

    unsigned min_renewals, max_joins; /* max_joins 0: not looked at */
    unsigned most_in_a_second;        /* the cluster is asked; 0: not looked at */

    unsigned
        walk_each; /* of so many seeds one also ends the process in each situation, in two ways */
    bool is_large; /* many agents or years: one seed for many of the others' */
};

struct scenario_table {
    const struct scenario *scenarios;
    size_t n;
};

extern const struct scenario_table scenarios_outages;
extern const struct scenario_table scenarios_machines;
extern const struct scenario_table scenarios_cluster;
extern const struct scenario_table scenarios_fleets;
extern const struct scenario_table scenarios_options;
extern const struct scenario_table scenarios_regressions;

#define SCENARIO_TABLE(items)                                                                      \
    {                                                                                              \
        (items), sizeof(items) / sizeof((items)[0])                                                \
    }

/* Runs it with a seed; what is wrong is told on stderr. `sum` is added to, also then. */
bool scenario_run(const struct scenario *s, uint64_t seed, const struct world_options *options,
                  struct world_tally *sum);

/*
 * Once more for each situation met, with the process ended there, killed and stopped. Stops at the
 * first run that fails; *ret_at says which that was.
 */
bool scenario_walk(const struct scenario *s, uint64_t seed, struct world_options *ret_at,
                   struct world_tally *sum);

#endif
