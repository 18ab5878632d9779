/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/wait.h"

#include <string.h>

static struct err *read_what(const char *text, enum diag_wait_for *ret)
{
    if (!text)
        *ret = DIAG_WAIT_REPORTED;
    else if (strcmp(text, "ready") == 0)
        *ret = DIAG_WAIT_READY;
    else if (strcmp(text, "serving") == 0)
        *ret = DIAG_WAIT_SERVING;
    else
        return err_new(ERR_CONFIG, "for '%.40s': one can wait for 'ready' or 'serving'", text);
    return NULL;
}

RESULT diag_wait_read(const char *what, const char *timeout, struct mono since,
                      struct diag_wait *ret)
{
    struct diag_wait w = {.until = MONO_NEVER};
    TRY(read_what(what, &w.what));
    if (timeout) {
        struct dur limit;
        CLEANUP(err_freep) struct err *e = dur_parse(timeout, &limit);
        if (e || limit.ns < 0)
            return err_new(ERR_CONFIG, "timeout '%.40s': not a time like '30s' or '5m'", timeout);
        w.until = mono_add(since, limit);
    }
    *ret = w;
    return NULL;
}

/* What can be waited for, of one service or of all. */
struct standing {
    bool has_reported, is_ready, is_serving;
};

static struct standing standing_of_all(const struct health_summary *all)
{
    return (struct standing){.has_reported = all->has_reported,
                             .is_ready = all->state == HEALTH_OK,
                             .is_serving = all->is_serving};
}

static struct standing standing_of(const struct health_view *v)
{
    return (struct standing){.has_reported = v->updated_at.ns != WALL_NONE.ns,
                             .is_ready = v->state == HEALTH_OK,
                             .is_serving = v->is_serving};
}

static bool is_met(enum diag_wait_for what, const struct standing *s)
{
    switch (what) {
    case DIAG_WAIT_REPORTED:
        return s->has_reported;
    case DIAG_WAIT_READY:
        return s->is_ready;
    case DIAG_WAIT_SERVING:
        return s->is_serving;
    }
    return false;
}

enum diag_wait_outcome diag_wait_look(const struct diag_wait *w, const struct health *h,
                                      struct now now)
{
    struct health_summary all = health_overall(h, now);
    struct standing standing = standing_of_all(&all);
    if (w->service) {
        const struct health_service *s = health_find(h, w->service);
        if (!s)
            return DIAG_WAIT_UNKNOWN;
        struct health_view v = health_view(s, now);
        standing = standing_of(&v);
    }
    if (is_met(w->what, &standing))
        return DIAG_WAIT_MET;
    if (all.state == HEALTH_STOPPING)
        return DIAG_WAIT_IN_VAIN;
    return mono_before(now.mono, w->until) ? DIAG_WAIT_ON : DIAG_WAIT_LATE;
}

struct mono diag_wait_wake(const struct diag_wait *w, const struct health *h, struct now now)
{
    return mono_min(w->until, health_next_change(h, now));
}
