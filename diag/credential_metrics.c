/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/credential_metrics.h"

static const struct metric_family expiry = {
    "tbot_credential_expiry_timestamp_seconds",
    METRIC_GAUGE,
    "When a credential expires (a certificate's notAfter), in seconds since 1970.",
    .labels = {"service", "kind"},
};

static const struct metric_family not_before = {
    "tbot_credential_not_before_timestamp_seconds",
    METRIC_GAUGE,
    "When a credential's validity begins, in seconds since 1970.",
    .labels = {"service", "kind"},
};

static const struct metric_family renewal = {
    "tbot_credential_renewal_timestamp_seconds",
    METRIC_GAUGE,
    "When a credential's renewal is planned, in seconds since 1970; absent while it is not.",
    .labels = {"service", "kind"},
};

static const struct metric_family stale = {
    "tbot_credential_stale",
    METRIC_GAUGE,
    "1 while a service's renewal is due and has not succeeded; what it has serves until it "
    "expires.",
    .labels = {"service"},
};

static const struct metric_family *const families[] = {&expiry, &not_before, &renewal, &stale};

#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

/* A certificate may be valid from ever or for ever; that is no moment to show. */
static void set_moment(struct metrics *m, const struct metric_family *f,
                       const struct diag_credential *c, struct wall t)
{
    if (t.ns != WALL_NONE.ns && t.ns != WALL_NEVER.ns)
        metrics_set(m, f, (const char *[]){c->service, c->kind}, (double)t.ns / 1e9);
}

static void show(struct metrics *m, const struct diag_credential *c)
{
    set_moment(m, &expiry, c, c->not_after);
    set_moment(m, &not_before, c, c->not_before);
    set_moment(m, &renewal, c, c->renew_at);
    metrics_set(m, &stale, (const char *[]){c->service}, c->is_stale);
}

static void collect(void *arg, struct metrics *m)
{
    const struct credential_metrics *c = arg;
    struct diag_report r = {.mode = DIAG_DAEMON};
    c->reporter.report(c->reporter.arg, &r);
    for (size_t i = 0; i < N_FAMILIES; i++)
        metrics_clear(m, families[i]);
    for (size_t i = 0; i < r.n_credentials; i++)
        show(m, &r.credentials[i]);
}

void credential_metrics_watch(struct credential_metrics *c, struct metrics *m)
{
    for (size_t i = 0; i < N_FAMILIES; i++)
        metrics_declare(m, families[i]);
    metrics_on_collect(m, collect, c);
}
