/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/health_private.h"

#define PROOF_S 10

struct now health_proof(const struct operation *o)
{
    struct dur proof = dur_s(PROOF_S);
    return (struct now){mono_add(o->recovered.mono, proof), wall_add(o->recovered.wall, proof)};
}

static bool is_proven_by_time(const struct health_service *s, const struct operation *o,
                              struct mono now)
{
    return s->kind == HEALTH_SERVICE && o->is_recovering && !mono_before(now, health_proof(o).mono);
}

const char *health_state_name(enum health_state s)
{
    static const char *const names[] = {"ok", "recovering", "degraded", "starting", "stopping"};
    return names[s];
}

static enum health_state operation_state(const struct health_service *s, const struct operation *o,
                                         struct mono now)
{
    if (!o->has_failed || is_proven_by_time(s, o, now))
        return HEALTH_OK;
    return o->is_recovering ? HEALTH_RECOVERING : HEALTH_DEGRADED;
}

/* How bad: the numbers are Teleport's and do not sort. */
static int rank(enum health_state s)
{
    static const int ranks[] = {[HEALTH_OK] = 0,
                                [HEALTH_STARTING] = 1,
                                [HEALTH_RECOVERING] = 2,
                                [HEALTH_DEGRADED] = 3,
                                [HEALTH_STOPPING] = 4};
    return ranks[s];
}

static const struct operation *worst(const struct health_service *s, struct mono now)
{
    const struct operation *found = NULL;
    for (size_t i = 0; i < s->n_operations; i++) {
        const struct operation *o = &s->operations[i];
        if (!found || rank(operation_state(s, o, now)) > rank(operation_state(s, found, now)))
            found = o;
    }
    return found;
}

static struct wall since(const struct operation *o, enum health_state state)
{
    bool by_time = state == HEALTH_OK && o->is_recovering;
    return by_time ? health_proof(o).wall : o->changed.wall;
}

static bool serves(const struct health_service *s, struct wall now)
{
    return s->kind == HEALTH_PERIODIC || wall_before(now, s->serves_until);
}

struct health_view health_view(const struct health_service *s, struct now now)
{
    const struct operation *o = worst(s, now.mono);
    struct health_view v = {.name = s->name,
                            .kind = s->kind,
                            .state = HEALTH_STARTING,
                            .since = s->added.wall,
                            .updated_at = s->updated_at,
                            .last_success = s->last_success,
                            .next_attempt = s->next_attempt,
                            .serves_until = s->serves_until,
                            .is_serving = serves(s, now.wall)};
    if (!o)
        return v;
    v.state = operation_state(s, o, now.mono);
    v.since = since(o, v.state);
    v.failures = o->failures;
    if (v.state == HEALTH_OK)
        return v;
    v.operation = o->name;
    v.code = o->code;
    v.reason = o->reason;
    v.hint = o->hint;
    return v;
}

static void add_to(struct health_summary *sum, const struct health_view *v)
{
    if (rank(v->state) > rank(sum->state))
        sum->state = v->state;
    if (wall_before(sum->since, v->since))
        sum->since = v->since;
    sum->is_serving &= v->is_serving;
    sum->has_reported &= v->updated_at.ns != WALL_NONE.ns;
    if (v->serves_until.ns != WALL_NONE.ns)
        sum->first_expiry = wall_min(sum->first_expiry, v->serves_until);
}

struct health_summary health_overall(const struct health *h, struct now now)
{
    struct health_summary sum = {.state = h->len ? HEALTH_OK : HEALTH_STARTING,
                                 .is_serving = h->len > 0,
                                 .first_expiry = WALL_NEVER,
                                 .has_reported = true};
    for (size_t i = 0; i < h->len; i++) {
        struct health_view v = health_view(h->items[i], now);
        add_to(&sum, &v);
    }
    if (h->stopping) {
        sum.state = HEALTH_STOPPING;
        sum.since = h->stopped.wall;
    }
    return sum;
}

bool health_culprit(const struct health *h, struct now now, struct health_view *ret)
{
    enum health_state state = health_overall(h, now).state;
    for (size_t i = 0; i < h->len; i++) {
        struct health_view v = health_view(h->items[i], now);
        if (v.state == state) {
            *ret = v;
            return true;
        }
    }
    return false;
}

static struct mono service_next_change(const struct health_service *s, struct now now)
{
    struct mono next = MONO_NEVER;
    for (size_t i = 0; i < s->n_operations; i++) {
        const struct operation *o = &s->operations[i];
        bool waits = operation_state(s, o, now.mono) == HEALTH_RECOVERING;
        if (waits && s->kind == HEALTH_SERVICE)
            next = mono_min(next, health_proof(o).mono);
    }
    if (s->serves_until.ns != WALL_NONE.ns && wall_before(now.wall, s->serves_until))
        next = mono_min(next, mono_add(now.mono, wall_diff(s->serves_until, now.wall)));
    return next;
}

struct mono health_next_change(const struct health *h, struct now now)
{
    struct mono next = MONO_NEVER;
    for (size_t i = 0; i < h->len; i++)
        next = mono_min(next, service_next_change(h->items[i], now));
    return next;
}
