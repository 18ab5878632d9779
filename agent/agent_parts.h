/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_AGENT_PARTS_H
#define TBOT_AGENT_AGENT_PARTS_H

/*
 * What an agent consists of, made in the order in which the parts need each other and released in
 * reverse. Private to agent.c and agent_parts.c.
 */

#include "agent/agent.h"
#include "agent/identity_service.h"
#include "agent/output_service.h"

struct agent {
    struct agent_setup setup;
    void (*changed)(void *arg); /* called with the agent after every event of a service */

    struct loop *loop;
    struct cancel *stop, *force;
    struct keypool *keys;
    struct store *store;
    struct cluster *cluster;
    struct pool *lane;    /* the identity's own */
    struct pool *workers; /* the outputs' */
    struct identity_service *identity;
    struct output_service **outputs;
    size_t n_outputs;
    char *bin;

    bool stopping, outputs_started;
    enum renewer_state last_state;
    struct loop_timer stop_limit;
    struct err *failure; /* what agent_run() returns */

    struct pool_job fill; /* makes keys ahead of need */
    bool filling;
};

RESULT agent_parts_make(struct agent *a);
void agent_parts_release(struct agent *a);

/* Has keys made while the workers are idle. */
void agent_parts_fill_keys(struct agent *a);

#endif
