/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_CORE_METRICS_H
#define TBOT_DIAG_CORE_METRICS_H

/*
 * The metrics registry: counters, gauges and histograms with labels.
 *
 *     static const struct metric_family renewals = {
 *         "tbot_renewals_total", METRIC_COUNTER, "Renewals by outcome.", .labels = {"service", "result"} };
 *     metrics_add(m, &renewals, (const char *[]){"identity", "ok"}, 1);
 *
 * A family is static data; a series of it comes into being with its first value. The number of series
 * of a family is bounded: past METRICS_SERIES_MAX what comes counts under "other", so that a name that
 * a server or a client chooses can never eat the memory.
 *
 * Names follow the Prometheus conventions (base units; counters end in _total), so that
 * `promtool check metrics` is silent. What is asked at each look rather than kept (expiry, process
 * figures) is set by a collector: see metrics_on_collect().
 *
 * Threads: any. A full memory loses the value, never the caller's work.
 */

#include "base/buf.h"
#include "base/clock.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_UNTYPED };

#define METRIC_LABELS_MAX 3
#define METRIC_BUCKETS_MAX 16
#define METRICS_SERIES_MAX 1000

struct metric_family {
    const char *name;
    enum metric_type type;
    const char *help;
    const char *labels[METRIC_LABELS_MAX + 1]; /* NULL-terminated */
    const double *buckets; /* METRIC_HISTOGRAM: upper bounds, rising; at most METRIC_BUCKETS_MAX */
    size_t n_buckets;
};

struct metrics;

RESULT metrics_new(struct metrics **ret);
void metrics_free(struct metrics *m); /* accepts NULL */
DEFINE_FREEP(metrics)

/*
 * `values`: one text for each label of the family, copied; NULL where it has none. `m` may be NULL here,
 * when declaring and when clearing.
 */
void metrics_add(struct metrics *m, const struct metric_family *f, const char *const *values,
                 double by);
void metrics_set(struct metrics *m, const struct metric_family *f, const char *const *values,
                 double to);
void metrics_observe(struct metrics *m, const struct metric_family *f, const char *const *values,
                     double value);

/* A family that has no series yet is shown by its description alone; so it is known from the start. */
void metrics_declare(struct metrics *m, const struct metric_family *f);

/* Forgets every series of a gauge family, before a collector sets those that still are. */
void metrics_clear(struct metrics *m, const struct metric_family *f);

/* Forgets every series, of all families, whose label `label` has this value: it is not there any more. */
void metrics_forget(struct metrics *m, const char *label, const char *value);

/* `fn` is called before every metrics_walk(), on the thread that walks. At most 8. */
void metrics_on_collect(struct metrics *m, void (*fn)(void *arg, struct metrics *m), void *arg);

/* One series as it is shown. */
struct metric_view {
    const struct metric_family *family;
    const char *const *values; /* as many as the family has labels */
    double value;              /* histogram: the sum */
    uint64_t count;            /* histogram */
    const uint64_t *buckets;   /* histogram: cumulative, `family->n_buckets` of them */
};

/*
 * Runs the collectors, then shows each family and its series, in the order in which they came. The
 * registry is locked meanwhile: only look.
 */
void metrics_walk(struct metrics *m,
                  void (*family)(void *arg, const struct metric_family *f, size_t n_series),
                  void (*series)(void *arg, const struct metric_view *v), void *arg);

#endif
