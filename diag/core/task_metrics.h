/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_TASK_METRICS_H
#define TBOT_DIAG_CORE_TASK_METRICS_H

/*
 * The four `tbot_task_*` metrics of tbot 18, for dashboards that exist. A task is what a service does
 * again and again, one iteration of it one cycle, with the retries in it:
 *
 *     struct task_run run = {.service = "identity", .name = "bot-identity-renewal"};
 *     task_metrics_begin(m, &run, now);
 *     task_metrics_retry(&run);                  each time it tries once more
 *     task_metrics_end(m, &run, is_ok, now);
 *
 * `tbot_task_iterations_failed` is a counter there, against the convention for names; here it is untyped.
 * The buckets of the duration are theirs, which end at 1.6 s, and some above.
 */

#include "diag/core/metrics.h"

/* The caller's, in place from begin to end. The names are borrowed. */
struct task_run {
    const char *service;
    const char *name; /* of the task, one of few */
    struct mono began;
    unsigned retries;
};

/* The families are shown from the start, whatever happens. */
void task_metrics_declare(struct metrics *m);

/* `m` may be NULL. */
void task_metrics_begin(struct metrics *m, struct task_run *run, struct mono now);
void task_metrics_retry(struct task_run *run);
void task_metrics_end(struct metrics *m, const struct task_run *run, bool is_ok, struct mono now);

#endif
