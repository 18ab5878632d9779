/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CYCLE_METRICS_H
#define TBOT_AGENT_CYCLE_METRICS_H

/*
 * Counts the cycles of one service: its attempts from the first to the one that succeeded, or to the last
 * of its bounded number.
 *
 *     cycle_metrics_attempt(&c, now);                 an attempt begins
 *     cycle_metrics_ended(&c, err_code(e), now);      it succeeded, or the cycle has failed with it
 *
 * An attempt that fails and is followed by another of the same cycle is told nothing of.
 *
 * Threads: the loop's.
 */

#include "base/err.h"
#include "diag/core/task_metrics.h"

struct cycle_metrics {
    struct metrics *metrics; /* NULL: nobody counts */
    struct task_run run;     /* the caller fills in the names */
    bool is_running;
};

void cycle_metrics_attempt(struct cycle_metrics *c, struct mono now);

/* Without an attempt before it: nothing. */
void cycle_metrics_ended(struct cycle_metrics *c, enum err_code outcome, struct mono now);

#endif
