/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define COLLECTORS_MAX 8

struct series {
    const char *values[METRIC_LABELS_MAX]; /* owned */
    double value;
    uint64_t count;
    uint64_t *buckets; /* not cumulative */
};

struct family {
    const struct metric_family *f;
    struct series *items;
    size_t len, cap;
};

struct metrics {
    pthread_mutex_t lock;
    struct family *families;
    size_t n_families;
    struct {
        void (*fn)(void *arg, struct metrics *m);
        void *arg;
    } collectors[COLLECTORS_MAX];
    size_t n_collectors;
};

RESULT metrics_new(struct metrics **ret)
{
    struct metrics *m = calloc(1, sizeof(*m));
    if (!m)
        return err_nomem();
    pthread_mutex_init(&m->lock, NULL);
    *ret = m;
    return NULL;
}

static void series_release(struct series *s)
{
    for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
        free((char *)(uintptr_t)s->values[i]);
    free(s->buckets);
}

static void family_clear(struct family *f)
{
    for (size_t i = 0; i < f->len; i++)
        series_release(&f->items[i]);
    f->len = 0;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_families; i++) {
        family_clear(&m->families[i]);
        free(m->families[i].items);
    }
    free(m->families);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static size_t n_labels(const struct metric_family *f)
{
    size_t n = 0;
    while (n < METRIC_LABELS_MAX && f->labels[n])
        n++;
    return n;
}

/* NULL when memory is gone. */
static struct family *find_family(struct metrics *m, const struct metric_family *f)
{
    for (size_t i = 0; i < m->n_families; i++)
        if (m->families[i].f == f)
            return &m->families[i];
    struct family *grown = realloc(m->families, (m->n_families + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    m->families = grown;
    grown[m->n_families] = (struct family){.f = f};
    return &grown[m->n_families++];
}

static struct series *find_series(struct family *f, const char *const *values)
{
    size_t n = n_labels(f->f);
    for (size_t i = 0; f->items && i < f->len; i++) {
        size_t same = 0;
        while (same < n && strcmp(f->items[i].values[same], values[same]) == 0)
            same++;
        if (same == n)
            return &f->items[i];
    }
    return NULL;
}

static bool fill_series(struct series *s, const struct metric_family *f, const char *const *values)
{
    size_t n = n_labels(f);
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        ok &= (s->values[i] = strdup(values[i])) != NULL;
    if (f->type == METRIC_HISTOGRAM)
        ok &= (s->buckets = calloc(f->n_buckets + 1, sizeof(*s->buckets))) != NULL;
    return ok;
}

static struct series *add_series(struct family *f, const char *const *values)
{
    if (!f->items || f->len == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 4;
        struct series *grown = realloc(f->items, cap * sizeof(*grown));
        if (!grown)
            return NULL;
        f->items = grown;
        f->cap = cap;
    }
    struct series *s = &f->items[f->len];
    *s = (struct series){0};
    if (!fill_series(s, f->f, values)) {
        series_release(s);
        return NULL;
    }
    f->len++;
    return s;
}

/* With the lock held. */
static struct series *get(struct metrics *m, const struct metric_family *description,
                          const char *const *values)
{
    static const char *const other[METRIC_LABELS_MAX] = {"other", "other", "other"};
    struct family *f = find_family(m, description);
    if (!f)
        return NULL;
    struct series *s = find_series(f, values);
    if (!s && f->len >= METRICS_SERIES_MAX - 1) {
        values = other;
        s = find_series(f, values);
    }
    return s ? s : add_series(f, values);
}

static void update(struct metrics *m, const struct metric_family *f, const char *const *values,
                   double value,
                   void (*fn)(const struct metric_family *f, struct series *s, double value))
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    struct series *s = get(m, f, values);
    if (s)
        fn(f, s, value);
    pthread_mutex_unlock(&m->lock);
}

static void add(const struct metric_family *f, struct series *s, double by)
{
    (void)f;
    s->value += by;
}

static void set(const struct metric_family *f, struct series *s, double to)
{
    (void)f;
    s->value = to;
}

static void observe(const struct metric_family *f, struct series *s, double value)
{
    size_t i = 0;
    while (i < f->n_buckets && value > f->buckets[i])
        i++;
    if (s->buckets) /* always, with this type */
        s->buckets[i]++;
    s->count++;
    s->value += value;
}

void metrics_add(struct metrics *m, const struct metric_family *f, const char *const *values,
                 double by)
{
    update(m, f, values, by, add);
}

void metrics_set(struct metrics *m, const struct metric_family *f, const char *const *values,
                 double to)
{
    update(m, f, values, to, set);
}

void metrics_observe(struct metrics *m, const struct metric_family *f, const char *const *values,
                     double value)
{
    update(m, f, values, value, observe);
}

void metrics_declare(struct metrics *m, const struct metric_family *f)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    (void)find_family(m, f);
    pthread_mutex_unlock(&m->lock);
}

void metrics_clear(struct metrics *m, const struct metric_family *f)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    struct family *found = find_family(m, f);
    if (found)
        family_clear(found);
    pthread_mutex_unlock(&m->lock);
}

static bool has_value(const struct family *f, const struct series *s, const char *label,
                      const char *value)
{
    for (size_t i = 0; i < n_labels(f->f); i++)
        if (strcmp(f->f->labels[i], label) == 0 && strcmp(s->values[i], value) == 0)
            return true;
    return false;
}

static void family_forget(struct family *f, const char *label, const char *value)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->len; i++) {
        if (has_value(f, &f->items[i], label, value))
            series_release(&f->items[i]);
        else
            f->items[kept++] = f->items[i];
    }
    f->len = kept;
}

void metrics_forget(struct metrics *m, const char *label, const char *value)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->n_families; i++)
        family_forget(&m->families[i], label, value);
    pthread_mutex_unlock(&m->lock);
}

void metrics_on_collect(struct metrics *m, void (*fn)(void *arg, struct metrics *m), void *arg)
{
    if (m->n_collectors == COLLECTORS_MAX)
        return;
    m->collectors[m->n_collectors].fn = fn;
    m->collectors[m->n_collectors++].arg = arg;
}

static void show(const struct family *f, const struct series *s,
                 void (*series)(void *arg, const struct metric_view *v), void *arg)
{
    uint64_t cumulative[METRIC_BUCKETS_MAX] = {0};
    uint64_t so_far = 0;
    for (size_t i = 0; s->buckets && i < f->f->n_buckets && i < METRIC_BUCKETS_MAX; i++)
        cumulative[i] = so_far += s->buckets[i];
    series(arg, &(struct metric_view){.family = f->f,
                                      .values = s->values,
                                      .value = s->value,
                                      .count = s->count,
                                      .buckets = cumulative});
}

void metrics_walk(struct metrics *m,
                  void (*family)(void *arg, const struct metric_family *f, size_t n_series),
                  void (*series)(void *arg, const struct metric_view *v), void *arg)
{
    for (size_t i = 0; i < m->n_collectors; i++)
        m->collectors[i].fn(m->collectors[i].arg, m);
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->n_families; i++) {
        const struct family *f = &m->families[i];
        family(arg, f->f, f->len);
        for (size_t k = 0; k < f->len; k++)
            show(f, &f->items[k], series, arg);
    }
    pthread_mutex_unlock(&m->lock);
}
