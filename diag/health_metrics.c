/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/health_metrics.h"

static const struct metric_family process_state = {
    "process_state",
    METRIC_GAUGE,
    "State of the agent: 0 ok, 1 recovering, 2 degraded, 3 starting, 4 stopping.",
};

static const struct metric_family serving = {
    "tbot_serving",
    METRIC_GAUGE,
    "Whether every consumer can be given valid credentials now: 1 or 0.",
};

static const struct metric_family service_state = {
    "tbot_service_state",
    METRIC_GAUGE,
    "1 at the state that the service is in, 0 at the others.",
    .labels = {"service", "state"},
};

static const struct metric_family failures = {
    "tbot_service_consecutive_failures",
    METRIC_GAUGE,
    "Failures in a row of the operation that stands worst.",
    .labels = {"service"},
};

static const struct metric_family last_success = {
    "tbot_service_last_success_timestamp_seconds",
    METRIC_GAUGE,
    "When an operation of the service succeeded last, in seconds since 1970.",
    .labels = {"service"},
};

static const struct metric_family next_attempt = {
    "tbot_service_next_attempt_timestamp_seconds",
    METRIC_GAUGE,
    "When the service will try again, in seconds since 1970.",
    .labels = {"service"},
};

static void set_time(struct metrics *m, const struct metric_family *f, const char *service,
                     struct wall t)
{
    if (t.ns != WALL_NONE.ns && t.ns != WALL_NEVER.ns)
        metrics_set(m, f, (const char *[]){service}, (double)t.ns / 1e9);
}

static void show_service(struct metrics *m, const struct health_view *v)
{
    for (enum health_state s = HEALTH_OK; s <= HEALTH_STARTING; s++)
        metrics_set(m, &service_state, (const char *[]){v->name, health_state_name(s)},
                    v->state == s);
    metrics_set(m, &failures, (const char *[]){v->name}, v->failures);
    set_time(m, &last_success, v->name, v->last_success);
    set_time(m, &next_attempt, v->name, v->next_attempt);
}

/* Also makes the families known where there is no service yet. */
static void clear(struct metrics *m)
{
    metrics_clear(m, &service_state);
    metrics_clear(m, &failures);
    metrics_clear(m, &last_success);
    metrics_clear(m, &next_attempt);
}

static void collect(void *arg, struct metrics *m)
{
    const struct health_metrics *hm = arg;
    struct now now = clock_now(hm->clock);
    struct health_summary sum = health_overall(hm->health, now);
    clear(m);
    metrics_set(m, &process_state, NULL, sum.state);
    metrics_set(m, &serving, NULL, sum.is_serving);
    for (size_t i = 0; i < health_count(hm->health); i++) {
        struct health_view v = health_view(health_at(hm->health, i), now);
        show_service(m, &v);
    }
}

void health_metrics_watch(struct health_metrics *hm, struct metrics *m)
{
    metrics_on_collect(m, collect, hm);
}
