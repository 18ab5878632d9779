/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_WALK_H
#define TBOT_TESTS_SIM_WORLD_WALK_H

/*
 * Where the first agent's process can be when it ends: a situation is its state, the job under way and
 * how far that has got, whether a renewal is open, and what is known of the cluster. A run notes the
 * step at which each was met first; the same run again, from the same seed, ends the process there
 * (world_options.break_at_step).
 */

#include "base/loop.h"

#include <stdint.h>

struct world;
struct world_agent;

#define WORLD_SITUATIONS_MAX 256

struct world_walk {
    struct {
        uint32_t what;
        uint64_t step;
    } situations[WORLD_SITUATIONS_MAX];
    size_t n_situations;
    struct loop_timer ends;
};

void world_walk_init(struct world *w);

/* After a step of `a`. */
void world_walk_step(struct world_agent *a);

#endif
