/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_json.h"

#include "diag/core/metrics_number.h"

#include <jansson.h>

struct writer {
    const struct metrics_origin *origin;
    struct buf *to;
    size_t n;
    struct err *e; /* the first; nothing is written after it */
};

/* Text from outside may be any bytes; JSON wants UTF-8. */
static json_t *text(const char *s)
{
    json_t *v = json_string(s);
    return v ? v : json_string("(not UTF-8)");
}

static json_t *number(double v)
{
    return metrics_is_whole(v) ? json_integer((json_int_t)v) : json_real(v);
}

static json_t *labels_of(const struct metric_point *p)
{
    json_t *o = json_object();
    for (size_t i = 0; p->family->labels[i]; i++)
        json_object_set_new(o, p->family->labels[i], text(p->values[i]));
    return o;
}

static json_t *object_of(const struct metrics_origin *origin, const struct metric_point *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "timestamp", json_integer(wall_to_unix(origin->time)));
    json_object_set_new(o, "metric", text(p->name));
    json_object_set_new(o, "value", number(p->value));
    if (*origin->hostname)
        json_object_set_new(o, "hostname", text(origin->hostname));
    if (p->family->labels[0])
        json_object_set_new(o, "labels", labels_of(p));
    return o;
}

static int add_bytes(const char *bytes, size_t len, void *arg)
{
    struct writer *w = arg;
    w->e = buf_add(w->to, bytes, len);
    return w->e ? -1 : 0;
}

static void on_point(void *arg, const struct metric_point *p)
{
    struct writer *w = arg;
    if (w->e)
        return;
    w->e = buf_add_str(w->to, w->n++ ? ",\n" : "\n");
    if (w->e)
        return;
    json_t *o = object_of(w->origin, p);
    int failed = json_dump_callback(o, add_bytes, w, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (failed && !w->e)
        w->e = err_nomem();
    json_decref(o);
}

RESULT metrics_json_write(struct metrics *m, const struct metrics_origin *origin, struct buf *to)
{
    struct writer w = {.origin = origin, .to = to};
    TRY(buf_add_u8(to, '['));
    metrics_points(m, origin->prefix, on_point, &w);
    TRY(w.e);
    return buf_add_str(to, "\n]\n");
}
