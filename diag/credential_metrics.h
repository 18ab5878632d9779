/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CREDENTIAL_METRICS_H
#define TBOT_DIAG_CREDENTIAL_METRICS_H

/*
 * When credentials begin, end and are renewed, as metrics: the moments themselves in seconds since 1970,
 * not what is left of them, so that they stay right between two looks, and where a look fails.
 *
 *     struct credential_metrics c = {.reporter = …};
 *     credential_metrics_watch(&c, metrics);
 *
 * Threads: looks at the metrics must be on the loop's, where the reporter may be asked.
 */

#include "diag/core/metrics.h"
#include "diag/report.h"

struct credential_metrics {
    struct diag_reporter reporter;
};

/* Once; `c` outlives the looks at `m`. */
void credential_metrics_watch(struct credential_metrics *c, struct metrics *m);

#endif
