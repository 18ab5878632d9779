/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_PUSHES_H
#define TBOT_AGENT_PUSHES_H

/*
 * All targets to which the configuration has metrics sent, each with a service (agent/push_service.h), and
 * the workers that send: as many as there are targets, so that one that hangs holds up no other.
 *
 *     TRY(pushes_new(&config, &p));     sends within one interval; without targets it does nothing
 *     pushes_stop(p);                   a last time, and nothing any more
 *     pushes_end(p, bound);             after `stop` was fired
 *     pushes_free(p);
 *
 * Threads: the loop's.
 */

#include "agent/config.h"
#include "base/ctx.h"
#include "base/entropy.h"
#include "base/loop.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"

/* All is borrowed and outlives the pushes. */
struct pushes_config {
    const struct config
        *config; /* one pass sends nothing: it is over before it has anything to tell */
    struct loop *loop;
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    struct cancel *stop;
    struct metrics *metrics;
    void (*changed)(void *arg); /* pushes_is_busy() may have ended */
    void *arg;
};

struct pushes;

/* ERR_CONFIG for a target that makes no sense. */
RESULT pushes_new(const struct pushes_config *config, struct pushes **ret);
void pushes_free(struct pushes *p); /* accepts NULL */
DEFINE_FREEP(pushes)

void pushes_stop(struct pushes *p);

/* After pushes_stop(): what is sent a last time is still on its way. */
bool pushes_is_busy(const struct pushes *p);

/* Cancels that too, then as pool_stop(): how many workers had not come back. Accepts NULL. */
unsigned pushes_end(struct pushes *p, struct dur bound);

#endif
