/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_graphite.h"

#include "diag/core/metrics_number.h"

#include <inttypes.h>

struct writer {
    struct buf *to;
    int64_t time;
    struct err *e; /* the first; nothing is written after it */
};

static void on_point(void *arg, const struct metric_point *p)
{
    struct writer *w = arg;
    char value[METRICS_NUMBER_SIZE];
    if (!w->e)
        w->e = buf_printf(w->to, "%s %s %" PRId64 "\n", p->name, metrics_number(p->value, value),
                          w->time);
}

RESULT metrics_graphite_write(struct metrics *m, const char *prefix, struct wall time,
                              struct buf *to)
{
    struct writer w = {.to = to, .time = wall_to_unix(time)};
    metrics_points(m, prefix, on_point, &w);
    return w.e;
}
