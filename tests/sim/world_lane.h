/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_LANE_H
#define TBOT_TESTS_SIM_WORLD_LANE_H

/*
 * The jobs of an agent's identity, one at a time, step by step as identity/renewal.c does them: a
 * process can die between any two. A renewal is a `Ping` with the stored certificate, the journal, the
 * request, the commit.
 */

#include "identity/renewer.h"
#include "tests/sim/world_call.h"

enum world_lane_step {
    LANE_IDLE,
    LANE_ASKING, /* a call is under way */
    LANE_CHECKING_ROOM,
    LANE_WRITING_JOURNAL,
    LANE_STORING, /* the reply is here, and not durable yet */
};

struct world_lane {
    struct world_agent *agent;
    enum world_lane_step step;
    enum renewer_job job;
    struct world_call call;
    struct loop_timer timer;
    uint64_t key;
    struct world_identity issued;
    struct renewer_event outcome;
    struct err *err;
};

void world_lane_init(struct world_lane *l, struct world_agent *a);

void world_lane_begin(struct world_lane *l, enum renewer_job job);

/* The process ended. */
void world_lane_drop(struct world_lane *l);

/* For a stop: a renewal is under way, a join has been written, or something is being stored. */
bool world_lane_is_worth_waiting_for(const struct world_lane *l);

#endif
