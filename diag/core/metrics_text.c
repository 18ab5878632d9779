/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_text.h"

#include "diag/core/metrics_number.h"

#include <math.h>
#include <string.h>

struct writer {
    enum metrics_format format;
    struct buf *to;
    struct err *e; /* the first; nothing is written after it */
};

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

static void put(struct writer *w, struct err *e)
{
    if (!w->e)
        w->e = e;
    else
        err_free(e);
}

static void text(struct writer *w, const char *s)
{
    if (!w->e)
        put(w, buf_add_str(w->to, s));
}

/* Both formats escape a backslash and a newline, label values also the quote. */
static void escaped(struct writer *w, const char *s, bool quotes)
{
    for (; *s && !w->e; s++) {
        if (*s == '\n')
            text(w, "\\n");
        else if (*s == '\\' || (quotes && *s == '"'))
            put(w, buf_printf(w->to, "\\%c", *s));
        else
            put(w, buf_add(w->to, s, 1));
    }
}

static void number(struct writer *w, double v)
{
    char shown[METRICS_NUMBER_SIZE];
    text(w, metrics_number(v, shown));
}

/* OpenMetrics wants a bound that is whole written as 1.0. */
static void bound(struct writer *w, double le)
{
    number(w, le);
    if (w->format == METRICS_OPENMETRICS && isfinite(le) && le == floor(le))
        text(w, ".0");
}

static const char *type_name(enum metric_type type, enum metrics_format format)
{
    switch (type) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_HISTOGRAM:
        return "histogram";
    case METRIC_UNTYPED:
        break;
    }
    return format == METRICS_OPENMETRICS ? "unknown" : "untyped";
}

/* The family's name in a comment: OpenMetrics keeps `_total` for the samples. */
static void family_name(struct writer *w, const struct metric_family *f)
{
    size_t len = strlen(f->name);
    size_t total = strlen("_total");
    bool cut = w->format == METRICS_OPENMETRICS && f->type == METRIC_COUNTER && len > total &&
               strcmp(f->name + len - total, "_total") == 0;
    if (!w->e)
        put(w, buf_add(w->to, f->name, cut ? len - total : len));
}

static void on_family(void *arg, const struct metric_family *f, size_t n_series)
{
    struct writer *w = arg;
    (void)n_series;
    text(w, "# HELP ");
    family_name(w, f);
    text(w, " ");
    escaped(w, f->help, w->format == METRICS_OPENMETRICS);
    text(w, "\n# TYPE ");
    family_name(w, f);
    text(w, " ");
    text(w, type_name(f->type, w->format));
    text(w, "\n");
}

/* `le` only for buckets: its bound, NAN without one. */
static void labels(struct writer *w, const struct metric_view *v, double le)
{
    bool any = false;
    for (size_t i = 0; v->family->labels[i]; i++) {
        text(w, any ? "," : "{");
        text(w, v->family->labels[i]);
        text(w, "=\"");
        escaped(w, v->values[i], true);
        text(w, "\"");
        any = true;
    }
    if (!isnan(le)) {
        text(w, any ? ",le=\"" : "{le=\"");
        bound(w, le);
        text(w, "\"");
        any = true;
    }
    if (any)
        text(w, "}");
}

static void sample(struct writer *w, const struct metric_view *v, const char *suffix, double le,
                   double value)
{
    text(w, v->family->name);
    text(w, suffix);
    labels(w, v, le);
    text(w, " ");
    number(w, value);
    text(w, "\n");
}

static void on_series(void *arg, const struct metric_view *v)
{
    struct writer *w = arg;
    const struct metric_family *f = v->family;
    if (f->type != METRIC_HISTOGRAM) {
        sample(w, v, "", NAN, v->value);
        return;
    }
    for (size_t i = 0; i < f->n_buckets; i++)
        sample(w, v, "_bucket", f->buckets[i], (double)v->buckets[i]);
    sample(w, v, "_bucket", INFINITY, (double)v->count);
    sample(w, v, "_sum", NAN, v->value);
    sample(w, v, "_count", NAN, (double)v->count);
}

RESULT metrics_write(struct metrics *m, enum metrics_format format, struct buf *to)
{
    struct writer w = {.format = format, .to = to};
    metrics_walk(m, on_family, on_series, &w);
    if (format == METRICS_OPENMETRICS)
        text(&w, "# EOF\n");
    return w.e;
}
