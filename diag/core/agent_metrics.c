/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/agent_metrics.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const double renewal_seconds[] = {.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};
static const double call_seconds[] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30};

static const struct metric_family renewals = {
    "tbot_renewals_total",
    METRIC_COUNTER,
    "Cycles in which a service renewed its credentials, or failed to, by outcome.",
    .labels = {"service", "result", "code"},
};

static const struct metric_family renewal_duration = {
    "tbot_renewal_duration_seconds",
    METRIC_HISTOGRAM,
    "Time of a cycle in which a service renewed its credentials, or failed to.",
    .labels = {"service"},
    .buckets = renewal_seconds,
    .n_buckets = LENGTH(renewal_seconds),
};

static const struct metric_family connected = {
    "tbot_authority_connected",
    METRIC_GAUGE,
    "Whether the cluster answered the last check, by what its address belongs to: 1 or 0.",
    .labels = {"path"},
};

static const struct metric_family last_contact_at = {
    "tbot_authority_last_contact_timestamp_seconds",
    METRIC_GAUGE,
    "When the cluster answered last, in seconds since 1970.",
};

static const struct metric_family calls = {
    "tbot_rpc_requests_total",
    METRIC_COUNTER,
    "Calls to the cluster by method and outcome.",
    .labels = {"method", "code"},
};

static const struct metric_family call_duration = {
    "tbot_rpc_duration_seconds",
    METRIC_HISTOGRAM,
    "Time of a call to the cluster, the dial included where it needed one.",
    .labels = {"method"},
    .buckets = call_seconds,
    .n_buckets = LENGTH(call_seconds),
};

static const struct metric_family path_hits = {
    "tbot_path_cache_hits_total",
    METRIC_COUNTER,
    "Dials that reached the cluster by the way that was remembered.",
};

static const struct metric_family path_misses = {
    "tbot_path_cache_misses_total",
    METRIC_COUNTER,
    "Dials that reached the cluster by another way than the remembered one, or without one.",
};

static const struct metric_family reloads = {
    "tbot_reloads_total",
    METRIC_COUNTER,
    "Reloads of the configuration by outcome.",
    .labels = {"result"},
};

static const struct metric_family hook_runs = {
    "tbot_hook_runs_total",
    METRIC_COUNTER,
    "Runs of what tells consumers of a service's new files, by outcome.",
    .labels = {"service", "outcome"},
};

static const struct metric_family pushes = {
    "tbot_metrics_pushes_total",
    METRIC_COUNTER,
    "Times the metrics were sent to where the configuration says, by outcome.",
    .labels = {"target", "result"},
};

static const char *result_of(bool is_ok)
{
    return is_ok ? "ok" : "failed";
}

static double in_seconds(struct dur d)
{
    return (double)d.ns / 1e9;
}

void agent_metrics_declare(struct metrics *m)
{
    metrics_declare(m, &renewals);
    metrics_declare(m, &renewal_duration);
    metrics_declare(m, &connected);
    metrics_declare(m, &last_contact_at);
    metrics_declare(m, &calls);
    metrics_declare(m, &hook_runs);
    metrics_declare(m, &call_duration);
    metrics_add(m, &path_hits, NULL, 0);
    metrics_add(m, &path_misses, NULL, 0);
    metrics_add(m, &reloads, (const char *[]){result_of(true)}, 0);
    metrics_add(m, &reloads, (const char *[]){result_of(false)}, 0);
}

void agent_metrics_renewed(struct metrics *m, const char *service, enum err_code outcome,
                           struct dur took)
{
    const char *values[] = {service, result_of(outcome == ERR_OK), err_code_name(outcome)};
    metrics_add(m, &renewals, values, 1);
    metrics_observe(m, &renewal_duration, values, in_seconds(took));
}

/* One path at a time: a reload may have brought another. */
void agent_metrics_authority(struct metrics *m, const char *path, bool is_connected,
                             struct wall last_contact)
{
    metrics_clear(m, &connected);
    metrics_set(m, &connected, (const char *[]){path}, is_connected);
    if (last_contact.ns != WALL_NONE.ns)
        metrics_set(m, &last_contact_at, NULL, (double)last_contact.ns / 1e9);
}

void agent_metrics_called(struct metrics *m, const char *method, enum err_code outcome,
                          struct dur took)
{
    const char *values[] = {method, err_code_name(outcome)};
    metrics_add(m, &calls, values, 1);
    metrics_observe(m, &call_duration, values, in_seconds(took));
}

void agent_metrics_dialled(struct metrics *m, bool by_remembered_way)
{
    metrics_add(m, by_remembered_way ? &path_hits : &path_misses, NULL, 1);
}

void agent_metrics_reloaded(struct metrics *m, bool is_ok)
{
    metrics_add(m, &reloads, (const char *[]){result_of(is_ok)}, 1);
}

void agent_metrics_expect_hook(struct metrics *m, const char *service)
{
    static const char *const outcomes[] = {"ok", "failed", "timeout"};
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        metrics_add(m, &hook_runs, (const char *[]){service, outcomes[i]}, 0);
}

void agent_metrics_hook_ran(struct metrics *m, const char *service, enum err_code outcome)
{
    const char *text = outcome == ERR_TIMEOUT ? "timeout" : result_of(outcome == ERR_OK);
    metrics_add(m, &hook_runs, (const char *[]){service, text}, 1);
}

void agent_metrics_expect_pushes(struct metrics *m, const char *target)
{
    metrics_add(m, &pushes, (const char *[]){target, result_of(true)}, 0);
    metrics_add(m, &pushes, (const char *[]){target, result_of(false)}, 0);
}

void agent_metrics_pushed(struct metrics *m, const char *target, bool is_ok)
{
    metrics_add(m, &pushes, (const char *[]){target, result_of(is_ok)}, 1);
}
