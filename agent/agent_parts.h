/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_AGENT_PARTS_H
#define TBOT_AGENT_AGENT_PARTS_H

/*
 * What an agent consists of, made in the order in which the parts need each other and released in
 * reverse. Private to the files agent*.c.
 */

#include "agent/agent.h"
#include "agent/agent_reload.h"
#include "agent/connection_service.h"
#include "agent/diagnostics.h"
#include "agent/hooks.h"
#include "agent/identity_service.h"
#include "agent/notify_service.h"
#include "agent/output_service.h"
#include "agent/pushes.h"
#include "agent/status.h"
#include "agent/supervisor.h"

/* As many as two cores make; the third worker is left to the outputs. */
#define AGENT_KEYS_AT_ONCE 2

struct agent {
    struct agent_setup setup;    /* its config says what only a start can change */
    const struct config *config; /* in force: that one, or what a reload brought */
    struct agent_reload reload;

    /* Called with the agent after every event of a service, and after every end of a job. */
    void (*changed)(void *arg);
    void (*heard)(void *arg, enum err_code code);
    void (*in_touch)(void *arg); /* the cluster answered */
    void (*gave_up)(void *arg);  /* it did not for as long as the configuration allows */

    struct diag_control control; /* what it can be asked to do */

    void (*see)(void *arg, struct notify_view *ret); /* how the agent stands */

    struct loop *loop;
    struct cancel *stop, *force;
    struct diagnostics *diagnostics;
    struct pushes *pushes;
    struct status *status;
    struct notify_service *notify;
    struct keypool *keys;
    struct store *store;
    struct cluster *cluster;
    struct pool *lane;    /* the identity's own */
    struct pool *prober;  /* the connection's own */
    struct pool *workers; /* the outputs' */
    struct connection_service *connection;
    struct identity_service *identity;
    struct output_service **outputs;
    size_t n_outputs;
    char *bin;

    const struct credentials *followed; /* the identity that others have been told of */
    struct supervisor supervisor;
    bool stopping;
    struct loop_timer stop_limit;
    struct err *failure; /* what agent_run() returns */

    struct pool_job fill[AGENT_KEYS_AT_ONCE]; /* make keys ahead of need */
    unsigned n_filling;                       /* are under way */
    unsigned n_filled;                        /* were begun, ever */
};

RESULT agent_parts_make(struct agent *a);
void agent_parts_release(struct agent *a);

/* One output, for the list or for a reload. */
struct agent_output {
    const struct config *config;
    const struct config_service *service;
    struct config_service *own; /* see struct output_service_config */
    struct health_service *health;
};
RESULT agent_make_output(struct agent *a, const struct agent_output *output,
                         struct output_service **ret);

/* agent_keys.c: the pool of keys, how many are worth having, and having them made while the workers are
 * idle. */
RESULT agent_keys_make(struct agent *a);
unsigned agent_keys_ahead(const struct config *config);
void agent_keys_fill(struct agent *a);

/* agent_watch.c: who is told of the services, before they are made; and who tells others of them, after. */
RESULT agent_watch_begin(struct agent *a);
RESULT agent_watch_make(struct agent *a);

#endif
