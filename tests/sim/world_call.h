/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_CALL_H
#define TBOT_TESTS_SIM_WORLD_CALL_H

/*
 * One call to the cluster, as transport/ makes it: dials where there is no connection that shows the
 * right certificate, by the ways transport/path.h names, each with its share of the time; sends; waits
 * for the reply until its deadline. What only reads is asked once more on a new connection when an old
 * one turns out to be broken; after a failure the next call makes a new one.
 */

#include "base/err.h"
#include "tests/sim/world_cluster.h"
#include "tests/sim/world_net.h"
#include "tests/sim/world_request.h"

struct world_call {
    struct world_agent *agent;
    struct loop_timer timer; /* of the dial, then of the deadline */
    struct world_request *request;

    /* The caller's. */
    enum call_kind kind;
    struct world_identity shown; /* serial 0: nobody */
    uint64_t key, token;
    struct mono deadline;
    void (*done)(void *arg);
    void *arg;

    /* For `done`. */
    struct err *err; /* NULL: a reply */
    bool is_written; /* the request may have reached the cluster */
    struct world_identity issued;
    int64_t generation;
    struct wall date;

    struct mono began_at;
    bool is_running;
    bool is_sent;     /* on the agent's connection, or a join's own */
    bool is_reused;   /* the connection was there before */
    bool is_repeated; /* on a new one, after that broke */
    enum route routes[PATH_MAX_ROUTES];
    size_t n_routes, at_route;
    struct mono dialled_at, route_deadline;
    enum route route; /* is_sent: the way it went */
};

/* Fill in the caller's part before. `done` comes later, never from inside. */
void world_call_begin(struct world_call *c);

/* The caller does not wait any more: no `done`. What was sent stays sent. */
void world_call_abandon(struct world_call *c);

/* The connection it is on, or waits for, ended. */
void world_call_break(struct world_call *c);

void world_call_release(struct world_call *c);

/* The reply is here. */
void world_call_reply(struct world_call *c, const struct world_request *r);

#endif
