/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_AGENT_RELOAD_H
#define TBOT_AGENT_AGENT_RELOAD_H

/*
 * Reading the configuration again while the agent runs. Private to the files agent*.c.
 *
 *     agent_reload_ask(a, "SIGHUP");
 *
 * A worker reads and judges (agent/reload_judge.h); then, in one turn of the loop, the agent changes over
 * to what was found good (agent_swap()), or to nothing. A kept service notices nothing. One that changed or
 * went is retired; it is freed when what it did has ended. What comes after it begins then, for two must
 * not write to one place.
 */

#include "agent/reload.h"
#include "agent/reload_judge.h"
#include "agent/service_job.h"

struct agent;
struct output_service;

struct agent_reload {
    struct reload state;
    struct reload_outcome last;
    struct config *config; /* what the last one brought; NULL: there was none */

    struct pool *lane; /* its own, from the first one on: outputs may keep their workers busy */
    struct service_job job;
    struct reload_question question; /* a worker's until the job is done */
    struct reload_verdict verdict;   /* likewise */

    struct output_service **retired;
    size_t n_retired;
    struct loop_timer tidy;
};

void agent_reload_init(struct agent *a);

/* Once no worker runs. */
void agent_reload_release(struct agent *a);

/* SIGHUP or a request. */
void agent_reload_ask(struct agent *a, const char *asked_by);
void agent_reload_by_request(void *arg); /* for struct diag_control */

/* The agent stops. */
void agent_reload_stop(struct agent *a);

/* Something ended: frees what is retired and quiet, in the loop's next turn, and lets begin what waited. */
void agent_reload_look(struct agent *a);

/* A retired service is still at work. */
bool agent_reload_is_busy(const struct agent *a);

/*
 * agent_swap.c: changes over to `v`, whose configuration is the agent's then. After an error nothing was
 * changed.
 */
RESULT agent_swap(struct agent *a, struct reload_verdict *v);

#endif
