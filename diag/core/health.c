/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/health_private.h"

#include <string.h>

static void tell(const struct health *h)
{
    if (h->changed)
        h->changed(h->arg);
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

static void recover(const struct health_service *s, struct operation *o, struct now now)
{
    if (!o->is_recovering) {
        o->is_recovering = true;
        o->recovered = o->changed = now;
    } else if (!mono_before(now.mono, health_proof(o).mono)) {
        o->has_failed = o->is_recovering = false;
        o->changed = s->kind == HEALTH_PERIODIC ? now : health_proof(o);
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
