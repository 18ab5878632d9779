/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/server_metrics.h"

#include <stdio.h>

static const struct metric_family requests = {
    "tbot_diag_requests_total",
    METRIC_COUNTER,
    "Requests to the diagnostics server by route and HTTP status.",
    .labels = {"path", "code"},
};

static const double seconds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 1, 10};

static const struct metric_family duration = {
    "tbot_diag_request_duration_seconds",
    METRIC_HISTOGRAM,
    "Time from a whole request to the end of its answer, as far as the client read it.",
    .buckets = seconds,
    .n_buckets = sizeof(seconds) / sizeof(seconds[0]),
};

static const struct metric_family in_flight = {
    "tbot_diag_requests_in_flight",
    METRIC_GAUGE,
    "Answers of the diagnostics server that are being sent.",
};

static const struct metric_family auth_failures = {
    "tbot_diag_auth_failures_total",
    METRIC_COUNTER,
    "Requests to the diagnostics server refused with 401 or 403.",
};

static const struct metric_family handshakes = {
    "tbot_diag_tls_handshakes_total",
    METRIC_COUNTER,
    "TLS handshakes at https:// addresses of the diagnostics server by result.",
    .labels = {"result"},
};

void server_metrics_declare(struct metrics *m)
{
    if (!m)
        return;
    metrics_declare(m, &requests);
    metrics_declare(m, &duration);
    metrics_declare(m, &handshakes);
    metrics_add(m, &auth_failures, NULL, 0);
    metrics_set(m, &in_flight, NULL, 0);
}

void server_metrics_answered(struct metrics *m, const char *route, unsigned code)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", code);
    metrics_add(m, &requests, (const char *[]){route, text}, 1);
    if (code == 401 || code == 403)
        metrics_add(m, &auth_failures, NULL, 1);
}

void server_metrics_took(struct metrics *m, struct dur d)
{
    metrics_observe(m, &duration, NULL, (double)d.ns / 1e9);
}

void server_metrics_in_flight(struct metrics *m, size_t n)
{
    metrics_set(m, &in_flight, NULL, (double)n);
}

void server_metrics_handshake(struct metrics *m, const char *result)
{
    metrics_add(m, &handshakes, (const char *[]){result}, 1);
}
