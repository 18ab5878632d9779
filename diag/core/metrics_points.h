/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_POINTS_H
#define TBOT_DIAG_CORE_METRICS_POINTS_H

/*
 * The registry as single numbers with dotted names, for readers that know neither labels nor histograms:
 *
 *     tbot.process_state
 *     tbot.tbot_renewals_total.identity.ok.ok          PREFIX.NAME.LABEL-VALUE…
 *     tbot.tbot_rpc_duration_seconds.Ping.count        and .sum .mean .50-percentile .75- .95- .99-
 *
 * Of a label's value all but letters, digits, '-' and '_' becomes '_', and 128 bytes are shown. A
 * percentile is estimated from the buckets, evenly spread within one, as Prometheus' histogram_quantile()
 * does; past the last bound it is that bound. What is no finite number is left out.
 */

#include "diag/core/metrics.h"

/* The first part of each name, unless configured. */
#define METRICS_PREFIX "tbot"

struct metric_point {
    const char *name; /* dotted; valid during the call */
    const struct metric_family *family;
    const char *const *values; /* as many as the family has labels */
    double value;
};

/* Shows each point, collectors first, as metrics_walk() does. `prefix`: "" for none. */
void metrics_points(struct metrics *m, const char *prefix,
                    void (*fn)(void *arg, const struct metric_point *p), void *arg);

#endif
