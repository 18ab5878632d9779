/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/supervisor.h"

void supervisor_init(struct supervisor *s, bool one_pass)
{
    *s = (struct supervisor){.one_pass = one_pass};
}

/* One pass waits for all outputs, so that each failure is told. */
static unsigned end(const struct supervisor *s, const struct supervisor_view *v)
{
    if (v->identity == RENEWER_FAILED)
        return SUPERVISOR_END_FAILED_IDENTITY;
    if (!s->one_pass || v->identity != RENEWER_FRESH || v->n_run < v->n_outputs || v->runs_hooks)
        return 0;
    return v->n_failed == 0 ? SUPERVISOR_END_WELL : SUPERVISOR_END_FAILED_OUTPUTS;
}

/* Once: true the first time that `now` is. */
static bool first(bool *done, bool now)
{
    bool is_first = now && !*done;
    *done |= now;
    return is_first;
}

static unsigned watch(struct supervisor *s, const struct supervisor_view *v)
{
    if (s->one_pass)
        return 0;
    unsigned todo = 0;
    if (first(&s->watching, v->is_serving))
        todo |= SUPERVISOR_WATCH_CONTACT;
    if (v->contact == CONTACT_UP && s->last.contact == CONTACT_DOWN)
        todo |= SUPERVISOR_TELL_IDENTITY;
    return todo;
}

static unsigned hold(struct supervisor *s, const struct supervisor_view *v)
{
    bool is_hopeless = v->contact == CONTACT_DOWN || (s->started && !v->is_serving);
    bool held = is_hopeless && !s->one_pass;
    if (held == s->held)
        return 0;
    s->held = held;
    return held ? SUPERVISOR_HOLD_OUTPUTS : SUPERVISOR_RELEASE_OUTPUTS;
}

/* One pass writes outputs from the renewed identity, not beside its renewal. */
static unsigned start(struct supervisor *s, const struct supervisor_view *v)
{
    bool is_ready = s->one_pass ? v->identity == RENEWER_FRESH : v->is_serving;
    return first(&s->started, is_ready) ? SUPERVISOR_START_OUTPUTS : 0;
}

static unsigned renew_stale(const struct supervisor *s, const struct supervisor_view *v)
{
    bool is_back = v->contact == CONTACT_UP && s->last.contact == CONTACT_DOWN;
    bool is_renewed = v->identity == RENEWER_FRESH && s->last.identity != RENEWER_FRESH;
    if (s->one_pass || !s->started || s->held)
        return 0;
    return is_back || is_renewed ? SUPERVISOR_RENEW_STALE : 0;
}

unsigned supervisor_look(struct supervisor *s, const struct supervisor_view *view)
{
    if (s->ended)
        return 0;
    unsigned todo = end(s, view);
    s->ended = todo != 0;
    if (s->ended)
        return todo;
    todo |= watch(s, view);
    todo |= hold(s, view);
    todo |= renew_stale(s, view); /* none is before it started */
    todo |= start(s, view);
    s->last = *view;
    return todo;
}
