/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/health.h"

#include <stdlib.h>
#include <string.h>

#define PROOF_S 10
#define MAX_OPERATIONS 4

struct operation {
    const char *name;
    bool has_failed;      /* its last report was a failure, or its recovery is not proven */
    bool is_recovering;   /* a success came after the failure */
    struct now recovered; /* is_recovering: when */
    struct now changed;   /* when has_failed or is_recovering changed */
    unsigned failures;
    enum err_code code;
    char *reason, *hint;
};

struct health_service {
    struct health *of;
    char *name;
    enum health_kind kind;
    struct now added;
    struct operation operations[MAX_OPERATIONS];
    size_t n_operations;
    struct wall updated_at, last_success, next_attempt, serves_until;
};

struct health {
    struct health_service **items;
    size_t len;
    bool stopping;
    struct now stopped;
    void (*changed)(void *arg); /* NULL: nobody watches */
    void *arg;
};

static void tell(const struct health *h)
{
    if (h->changed)
        h->changed(h->arg);
}

const char *health_state_name(enum health_state s)
{
    static const char *const names[] = {"ok", "recovering", "degraded", "starting", "stopping"};
    return names[s];
}

RESULT health_new(struct health **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? NULL : err_nomem();
}

static void service_free(struct health_service *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_operations; i++) {
        free(s->operations[i].reason);
        free(s->operations[i].hint);
    }
    free(s->name);
    free(s);
}

void health_free(struct health *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->len; i++)
        service_free(h->items[i]);
    free(h->items);
    free(h);
}

static struct err *append(struct health *h, struct health_service *s)
{
    struct health_service **items =
        realloc(h->items, (h->len + 1) * sizeof(struct health_service *));
    if (!items)
        return err_nomem();
    h->items = items;
    h->items[h->len++] = s;
    return NULL;
}

RESULT health_add(struct health *h, const char *name, enum health_kind kind, struct now now,
                  struct health_service **ret)
{
    if (health_find(h, name))
        return err_new(ERR_BUG, "two services are called '%s'", name);
    struct health_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    *s = (struct health_service){.of = h, .name = strdup(name), .kind = kind, .added = now};
    struct err *e = s->name ? append(h, s) : err_nomem();
    if (e) {
        service_free(s);
        return e;
    }
    *ret = s;
    return NULL;
}

void health_watch(struct health *h, void (*fn)(void *arg), void *arg)
{
    h->changed = fn;
    h->arg = arg;
}

void health_remove(struct health *h, struct health_service *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->len; i++)
        if (h->items[i] != s)
            h->items[kept++] = h->items[i];
    h->len = kept;
    service_free(s);
    tell(h);
}

void health_stop(struct health *h, struct now now)
{
    if (!h->stopping)
        h->stopped = now;
    h->stopping = true;
    tell(h);
}

/* More operations than there is room for share the last place: a failure is never lost by that. */
static struct operation *find_operation(struct health_service *s, const char *name)
{
    for (size_t i = 0; i < s->n_operations; i++)
        if (strcmp(s->operations[i].name, name) == 0)
            return &s->operations[i];
    if (s->n_operations < MAX_OPERATIONS)
        s->operations[s->n_operations++].name = name;
    return &s->operations[s->n_operations - 1];
}

static struct now proof_of(const struct operation *o)
{
    struct dur proof = dur_s(PROOF_S);
    return (struct now){mono_add(o->recovered.mono, proof), wall_add(o->recovered.wall, proof)};
}

static bool is_proven_by_time(const struct health_service *s, const struct operation *o,
                              struct mono now)
{
    return s->kind == HEALTH_SERVICE && o->is_recovering && !mono_before(now, proof_of(o).mono);
}

static void recover(const struct health_service *s, struct operation *o, struct now now)
{
    if (!o->is_recovering) {
        o->is_recovering = true;
        o->recovered = o->changed = now;
    } else if (!mono_before(now.mono, proof_of(o).mono)) {
        o->has_failed = o->is_recovering = false;
        o->changed = s->kind == HEALTH_PERIODIC ? now : proof_of(o);
    }
}

void health_succeeded(struct health_service *s, const char *operation, struct now now)
{
    if (!s)
        return;
    struct operation *o = find_operation(s, operation);
    if (o->changed.mono.ns == 0)
        o->changed = now;
    if (o->has_failed)
        recover(s, o, now);
    o->failures = 0;
    s->updated_at = s->last_success = now.wall;
    tell(s->of);
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = text ? strdup(text) : NULL;
}

void health_failed(struct health_service *s, const char *operation, const struct err *why,
                   struct now now)
{
    if (!s)
        return;
    struct operation *o = find_operation(s, operation);
    if (!o->has_failed || o->is_recovering || o->changed.mono.ns == 0)
        o->changed = now;
    o->has_failed = true;
    o->is_recovering = false;
    o->failures++;
    o->code = err_code(why);
    free(o->reason);
    o->reason = err_text(why);
    set_text(&o->hint, err_hint(why));
    s->updated_at = now.wall;
    tell(s->of);
}

void health_plan(struct health_service *s, struct wall next)
{
    if (s)
        s->next_attempt = next;
}

void health_serves(struct health_service *s, struct wall until)
{
    if (!s)
        return;
    s->serves_until = until;
    tell(s->of);
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
    return by_time ? proof_of(o).wall : o->changed.wall;
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

size_t health_count(const struct health *h)
{
    return h->len;
}

const struct health_service *health_at(const struct health *h, size_t i)
{
    return h->items[i];
}

const struct health_service *health_find(const struct health *h, const char *name)
{
    for (size_t i = 0; i < h->len; i++)
        if (strcmp(h->items[i]->name, name) == 0)
            return h->items[i];
    return NULL;
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
            next = mono_min(next, proof_of(o).mono);
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
