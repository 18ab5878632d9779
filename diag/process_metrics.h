/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROCESS_METRICS_H
#define TBOT_DIAG_PROCESS_METRICS_H

/*
 * What the kernel and the C library tell of this process, read from /proc/self at each look at the
 * metrics: the `process_*` names that every Prometheus client has, and the allocator's figures as
 * `tbot_malloc_*_bytes`. What cannot be read is not shown. A look costs some 0.05 ms.
 *
 *     process_metrics_build(m, "1.2.3", "0f3c2a1");
 *     process_metrics_watch(m, clock_now(clock));
 */

#include "diag/core/metrics.h"

/* `tbot_build_info`: always 1. NULL is shown as "unknown". */
void process_metrics_build(struct metrics *m, const char *version, const char *revision);

/* Once, for the process's life. `now` leads from the start as the kernel counts it to the calendar. */
void process_metrics_watch(struct metrics *m, struct now now);

#endif
