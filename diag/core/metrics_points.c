/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_points.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define PART_MAX 128
#define NAME_SIZE ((METRIC_LABELS_MAX + 3) * (PART_MAX + 1))

struct walker {
    void (*fn)(void *arg, const struct metric_point *p);
    void *arg;
    const char *prefix;
};

/* A name as it grows. Every part is bounded, and there is room for as many as there can be. */
struct dotted {
    char text[NAME_SIZE];
    size_t len;
};

static bool is_safe(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static void add_part(struct dotted *d, const char *part, bool may_have_dots)
{
    if (d->len > 0)
        d->text[d->len++] = '.';
    for (size_t i = 0; i < PART_MAX && part[i]; i++) {
        d->text[d->len++] = '_';
        if (is_safe(part[i]) || (part[i] == '.' && may_have_dots))
            d->text[d->len - 1] = part[i];
    }
    if (!*part) /* an empty part would end the name, or hide a level of it */
        d->text[d->len++] = '_';
    d->text[d->len] = '\0';
}

static struct dotted name_of(const char *prefix, const struct metric_view *v)
{
    struct dotted d = {.len = 0};
    if (*prefix)
        add_part(&d, prefix, true);
    add_part(&d, v->family->name, false);
    for (size_t i = 0; i < METRIC_LABELS_MAX && v->family->labels[i]; i++)
        add_part(&d, v->values[i], false);
    return d;
}

static void show(const struct walker *w, const struct metric_view *v, const struct dotted *base,
                 const char *suffix, double value)
{
    struct dotted name = *base;
    if (!isfinite(value))
        return;
    if (*suffix)
        add_part(&name, suffix, false);
    w->fn(w->arg, &(struct metric_point){name.text, v->family, v->values, value});
}

static double quantile(const struct metric_view *v, double q)
{
    const struct metric_family *f = v->family;
    double rank = q * (double)v->count;
    size_t i = 0;
    while (i < f->n_buckets && (double)v->buckets[i] < rank)
        i++;
    if (i == f->n_buckets)
        return i > 0 ? f->buckets[i - 1] : NAN;
    if (i == 0 && f->buckets[0] <= 0)
        return f->buckets[0];
    double from = i > 0 ? f->buckets[i - 1] : 0;
    double below = i > 0 ? (double)v->buckets[i - 1] : 0;
    double inside = (double)v->buckets[i] - below;
    return inside > 0 ? from + (f->buckets[i] - from) * (rank - below) / inside : from;
}

static void show_histogram(const struct walker *w, const struct metric_view *v,
                           const struct dotted *base)
{
    static const struct {
        const char *suffix;
        double q;
    } percentiles[] = {{"50-percentile", 0.5},
                       {"75-percentile", 0.75},
                       {"95-percentile", 0.95},
                       {"99-percentile", 0.99}};
    show(w, v, base, "count", (double)v->count);
    show(w, v, base, "sum", v->value);
    if (v->count == 0)
        return;
    show(w, v, base, "mean", v->value / (double)v->count);
    for (size_t i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
        show(w, v, base, percentiles[i].suffix, quantile(v, percentiles[i].q));
}

static void on_family(void *arg, const struct metric_family *f, size_t n_series)
{
    (void)arg, (void)f, (void)n_series;
}

static void on_series(void *arg, const struct metric_view *v)
{
    const struct walker *w = arg;
    struct dotted base = name_of(w->prefix, v);
    if (v->family->type == METRIC_HISTOGRAM)
        show_histogram(w, v, &base);
    else
        show(w, v, &base, "", v->value);
}

void metrics_points(struct metrics *m, const char *prefix,
                    void (*fn)(void *arg, const struct metric_point *p), void *arg)
{
    struct walker w = {.fn = fn, .arg = arg, .prefix = prefix};
    metrics_walk(m, on_family, on_series, &w);
}
