/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONNECTION_SERVICE_H
#define TBOT_AGENT_CONNECTION_SERVICE_H

/*
 * Watches whether the cluster is there: the effects of agent/contact.h. It runs the checks on a worker
 * of its own, so that nothing that waits for the cluster keeps the answer waiting, and says in the log
 * once that the cluster is lost, and once that it is back. An outage that lasts `give_up_after` is told.
 *
 * Threads: everything on the loop's thread but connection_service_lost().
 */

#include "agent/contact.h"
#include "base/ctx.h"
#include "base/loop.h"
#include "base/pool.h"
#include "diag/core/health.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"

struct connection_service;

struct connection_service_config {
    struct loop *loop;
    struct pool *lane; /* a pool of one thread, used by nobody else */
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    struct cancel *stop; /* fired when the agent stops */

    /* NULL: the cluster answers. On the worker. */
    struct err *(*check)(void *arg, const struct ctx *ctx);
    void *check_arg;
    const char *cluster; /* its name, for the log; borrowed */

    struct dur give_up_after;      /* without contact; 0: never */
    struct health_service *health; /* told of each check, and of calls that succeeded; or NULL */
    struct metrics *metrics;       /* or NULL */
    const char *path;              /* path_kind_name() of the cluster's address, for them; static */

    /* Called when the answer changed, and when a check ended after connection_service_stop(). */
    void (*changed)(void *arg);
    void (*in_touch)(void *arg); /* the cluster answered a check or a call */
    void (*gave_up)(void *arg);
    void *arg;
};

RESULT connection_service_new(const struct connection_service_config *config,
                              struct connection_service **ret);
void connection_service_free(
    struct connection_service *s); /* accepts NULL; no check may be running */
DEFINE_FREEP(connection_service)

/* Somebody wants to know now. The first time begins the watch: there is an identity to check with. */
void connection_service_look(struct connection_service *s);

/* A job of a service that speaks with the cluster ended so. */
void connection_service_hear(struct connection_service *s, enum err_code code);

/* The live connection has died. From any thread, until the connection's threads have ended. */
void connection_service_lost(struct connection_service *s);

/* Begins nothing any more. */
void connection_service_stop(struct connection_service *s);

/* A check is under way. */
bool connection_service_is_busy(const struct connection_service *s);

/* What is known. Borrowed; changes with events. */
const struct contact *connection_service_contact(const struct connection_service *s);

/* How long the last good check took, with the dial where there was one; 0: none has been. */
struct dur connection_service_round_trip(const struct connection_service *s);

/* Why the last check got no answer, or what answer that was no plain success; NULL after one. Borrowed
 * until the next event. */
const struct err *connection_service_error(const struct connection_service *s);

#endif
