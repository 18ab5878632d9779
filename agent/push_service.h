/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_PUSH_SERVICE_H
#define TBOT_AGENT_PUSH_SERVICE_H

/*
 * Sends the metrics to one target, again and again: the effects of agent/push.h. The text is made on the
 * loop's thread, where the services' states may be read; a worker sends it, one that no renewal ever waits
 * for. Says in the log once that the target does not take them, and once that it does again; counts each
 * time in `tbot_metrics_pushes_total`.
 *
 *     TRY(push_service_new(&config, &s));        the first time comes within one interval
 *     push_service_stop(s);                      a last time, and nothing any more
 *     push_service_free(s);                      when its worker has ended
 *
 * The last time tells how the agent stood when it was stopped, which would be missing for up to an interval.
 * It is not tried at a target that did not take the time before, or has not taken that yet, and it has two
 * seconds: a collector that is down must hold up no stop.
 *
 * Threads: the loop's.
 */

#include "agent/push_target.h"
#include "base/ctx.h"
#include "base/entropy.h"
#include "base/pool.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"

struct push_service_config {
    struct loop *loop;
    struct pool *lane; /* a pool of its own */
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    struct cancel *stop; /* fired when the agent stops: what is under way ends, but the last time */
    struct cancel *force;       /* fired when nothing is waited for any more: so does that */
    void (*changed)(void *arg); /* the last time has ended */
    void *arg;
    struct metrics *metrics;
    const char *prefix; /* borrowed; "" for none */
    struct push_target target;
    struct dur interval;
};

struct push_service;

RESULT push_service_new(const struct push_service_config *config, struct push_service **ret);
void push_service_free(struct push_service *s); /* accepts NULL */
DEFINE_FREEP(push_service)

void push_service_stop(struct push_service *s);

/* With the last time: a stop waits for it. */
bool push_service_is_busy(const struct push_service *s);

#endif
