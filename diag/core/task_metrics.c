/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/task_metrics.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const double retries_up_to[] = {0, 1, 2, 3, 4, 5};

/* 0.1 s, times 1.75 at each step, six of them; then ours. */
static const double seconds[] = {0.1,           0.175, 0.30625, 0.5359375, 0.937890625,
                                 1.64130859375, 5,     15,      60};

static const struct metric_family iterations = {
    "tbot_task_iterations_total",
    METRIC_COUNTER,
    "Cycles of a task that were begun; a retry within one does not count.",
    .labels = {"service", "name"},
};

static const struct metric_family successful = {
    "tbot_task_iterations_successful",
    METRIC_HISTOGRAM,
    "Cycles of a task that succeeded, by how many retries that took.",
    .labels = {"service", "name"},
    .buckets = retries_up_to,
    .n_buckets = LENGTH(retries_up_to),
};

static const struct metric_family failed = {
    "tbot_task_iterations_failed",
    METRIC_UNTYPED,
    "Cycles of a task that failed for good, since the start.",
    .labels = {"service", "name"},
};

static const struct metric_family duration = {
    "tbot_task_iteration_duration_seconds",
    METRIC_HISTOGRAM,
    "Time of a cycle from its begin to its end in either way, retries included.",
    .labels = {"service", "name"},
    .buckets = seconds,
    .n_buckets = LENGTH(seconds),
};

void task_metrics_declare(struct metrics *m)
{
    metrics_declare(m, &iterations);
    metrics_declare(m, &successful);
    metrics_declare(m, &failed);
    metrics_declare(m, &duration);
}

void task_metrics_begin(struct metrics *m, struct task_run *run, struct mono now)
{
    const char *values[] = {run->service, run->name};
    run->began = now;
    run->retries = 0;
    metrics_add(m, &iterations, values, 1);
    metrics_add(m, &failed, values, 0); /* a rate needs the 0 before the first */
}

void task_metrics_retry(struct task_run *run)
{
    run->retries++;
}

void task_metrics_end(struct metrics *m, const struct task_run *run, bool is_ok, struct mono now)
{
    const char *values[] = {run->service, run->name};
    if (is_ok)
        metrics_observe(m, &successful, values, run->retries);
    else
        metrics_add(m, &failed, values, 1);
    metrics_observe(m, &duration, values, (double)mono_diff(now, run->began).ns / 1e9);
}
