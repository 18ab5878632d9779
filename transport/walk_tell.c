/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/walk_private.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 2048 /* longer texts are cut */

const char *walk_step_name(enum walk_step step)
{
    static const char *const names[WALK_STEP_COUNT] = {
        [WALK_RESOLVE] = "resolve", [WALK_TCP] = "tcp",
        [WALK_TLS] = "tls",         [WALK_CERTIFICATE] = "certificate",
        [WALK_UPGRADE] = "upgrade", [WALK_CLOCK] = "clock",
        [WALK_ROUTE] = "route",     [WALK_PING] = "ping",
    };
    return names[step];
}

struct ctx walk_limit(const struct walk *w)
{
    return ctx_until(&w->ctx, w->config->limit);
}

void walk_begin(struct walk *w, enum walk_step step, const char *where)
{
    const struct walk_watch *watch = w->config->watch;
    w->began = clock_mono(w->ctx.clock);
    watch->begin(watch->arg, step, where);
}

static bool was_told(const struct walk *w, enum walk_step step)
{
    return w->told & 1U << step;
}

static void tell(struct walk *w, struct walk_event *event)
{
    const struct walk_watch *watch = w->config->watch;
    struct mono now = clock_mono(w->ctx.clock);
    event->took = mono_diff(now, w->began);
    w->began = now; /* what is told next without having begun took no time */
    w->told |= 1U << event->step;
    watch->end(watch->arg, event);
}

static void tell_text(struct walk *w, struct walk_event *event, const char *format, va_list args)
{
    char text[TEXT_MAX];
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    event->text = text;
    tell(w, event);
}

void walk_ok(struct walk *w, enum walk_step step, const char *where, const char *format, ...)
{
    struct walk_event event = {.step = step, .status = WALK_OK, .where = where};
    va_list args;
    if (was_told(w, step))
        return;
    va_start(args, format);
    tell_text(w, &event, format, args);
    va_end(args);
}

void walk_tell_clock(struct walk *w, struct wall shown, struct mono asked, struct mono answered)
{
    struct walk_event event = {
        .step = WALK_CLOCK,
        .status = WALK_OK,
        .where = w->where,
        .text = "the server tells its time",
        .shown = shown,
        .asked = asked,
        .answered = answered,
    };
    tell(w, &event);
}

void walk_warn(struct walk *w, enum walk_step step, const char *hint, const char *format, ...)
{
    struct walk_event event = {
        .step = step, .status = WALK_WARNING, .where = w->where, .hint = hint};
    va_list args;
    va_start(args, format);
    tell_text(w, &event, format, args);
    va_end(args);
}

void walk_skip(struct walk *w, enum walk_step step, const char *format, ...)
{
    struct walk_event event = {.step = step, .status = WALK_NOT_TRIED, .where = w->where};
    va_list args;
    va_start(args, format);
    tell_text(w, &event, format, args);
    va_end(args);
}

/* What helps where the error itself does not say. */
static const char *general_hint(enum err_code code)
{
    switch (code) {
    case ERR_DENIED:
        return "The cluster refuses this identity: its audit log says why. A new token makes a new "
               "one.";
    case ERR_TIMEOUT:
        return "It takes connections and does not answer: look at the log of the Teleport service.";
    case ERR_PROTOCOL:
    case ERR_NOT_FOUND:
    case ERR_UNIMPLEMENTED:
        return "Check that the address is that of a Teleport cluster: an auth service's is given "
               "as "
               "'auth_server', a proxy's as 'proxy_server'.";
    default:
        return "Look at the log of the Teleport service.";
    }
}

static void tell_err(struct walk *w, enum walk_step step, enum walk_status status,
                     const char *where, const struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    struct walk_event event = {
        .step = step,
        .status = status,
        .where = where,
        .text = text ? text : "out of memory",
        .code = err_code(e),
        .hint = err_hint(e) ? err_hint(e) : general_hint(err_code(e)),
    };
    tell(w, &event);
}

void walk_fail(struct walk *w, enum walk_step step, const char *where, const struct err *e)
{
    w->failed = step;
    w->failed_by = err_code(e);
    tell_err(w, step, w->is_last_way ? WALK_FAILED : WALK_WARNING, where, e);
}

void walk_fail_softly(struct walk *w, enum walk_step step, const char *where, const struct err *e)
{
    unsigned told = w->told;
    w->failed = step;
    w->failed_by = err_code(e);
    tell_err(w, step, WALK_WARNING, where, e);
    w->told = told; /* how the step ends is still to be told */
}

void walk_skip_rest(struct walk *w)
{
    for (enum walk_step step = WALK_RESOLVE; step < WALK_STEP_COUNT; step++)
        if (!was_told(w, step))
            walk_skip(w, step, "'%s' comes first", walk_step_name(w->failed));
}
