/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_HEALTH_METRICS_H
#define TBOT_DIAG_HEALTH_METRICS_H

/*
 * How every service stands, as metrics, looked up at each look at them: `process_state` with Teleport's
 * numbers (see diag/core/health.h), `tbot_serving`, and of each service its state (1 at the one it is
 * in), failures in a row, last success and next attempt. A time that is not known is not shown.
 *
 *     struct health_metrics hm = {.health = h, .clock = clock};      in place as long as `m` is looked at
 *     health_metrics_watch(&hm, m);
 *
 * Threads: the metrics are then looked at on the loop's thread alone, as health is.
 */

#include "diag/core/health.h"
#include "diag/core/metrics.h"

struct health_metrics {
    const struct health *health;
    const struct clock *clock;
};

void health_metrics_watch(struct health_metrics *hm, struct metrics *m);

#endif
