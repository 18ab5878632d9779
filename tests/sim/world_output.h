/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_OUTPUT_H
#define TBOT_TESTS_SIM_WORLD_OUTPUT_H

/* One output of an agent: the real agent/cycle.h, and a model of agent/output_service.c around it. */

#include "agent/cycle.h"
#include "tests/sim/world_call.h"

struct world_output {
    struct world_agent *agent;
    size_t number;
    struct cycle cycle;
    struct loop_timer timer;
    struct loop_timer writes; /* its files are being written */
    struct world_call call;
    bool is_started;
};

void world_output_init(struct world_output *o, struct world_agent *a, size_t number);
void world_output_init_cycle(struct world_output *o); /* a process starts */
void world_output_start(struct world_output *o);
void world_output_renew_now(struct world_output *o);
void world_output_renew_stale(struct world_output *o);
void world_output_hold(struct world_output *o, bool hold);

/* Starts what is due, or sets the timer for when it will be. */
void world_output_look(struct world_output *o);

/* The process ended. */
void world_output_drop(struct world_output *o);

#endif
