/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_json.h"

#include <stdio.h>

#define SENTENCE_SIZE 256

static json_t *service_json(const struct diag_facts *f, const struct health_view *v)
{
    json_t *o = json_object();
    diag_json_flag(o, "serving", v->is_serving);
    if (f->with_details) {
        diag_json_text(o, "state", health_state_name(v->state));
        diag_json_time(o, "expires", v->serves_until);
    }
    return o;
}

/* Why not: the first that has nothing to serve. A stranger learns only that it is so. */
static const char *sentence(const struct diag_facts *f, char out[SENTENCE_SIZE])
{
    char when[RFC3339_SIZE];
    snprintf(out, SENTENCE_SIZE, "not serving");
    for (size_t i = 0; f->with_details && i < health_count(f->health); i++) {
        struct health_view v = health_view(health_at(f->health, i), f->now);
        if (v.is_serving)
            continue;
        if (v.serves_until.ns == WALL_NONE.ns)
            snprintf(out, SENTENCE_SIZE, "%s has no credentials yet", v.name);
        else
            snprintf(out, SENTENCE_SIZE, "the credentials of %s expired at %s", v.name,
                     wall_format(v.serves_until, false, when));
        break;
    }
    return out;
}

/* Checks serve nothing and nobody waits for them: only services are shown. */
static json_t *services_json(const struct diag_facts *f)
{
    json_t *o = json_object();
    for (size_t i = 0; i < health_count(f->health); i++) {
        struct health_view v = health_view(health_at(f->health, i), f->now);
        if (v.kind == HEALTH_SERVICE)
            json_object_set_new(o, v.name, service_json(f, &v));
    }
    return o;
}

static struct err *answer_one(const struct diag_facts *f, const char *name, struct diag_answer *a)
{
    const struct health_service *s = health_find(f->health, name);
    if (!s)
        return diag_answer_no_service(name, a);
    struct health_view v = health_view(s, f->now);
    return diag_json_finish(service_json(f, &v), v.is_serving ? 200 : 503, a);
}

RESULT diag_answer_servez(const struct diag_facts *f, const char *service, struct diag_answer *a)
{
    if (service)
        return answer_one(f, service, a);
    char status[SENTENCE_SIZE];
    struct health_summary all = health_overall(f->health, f->now);
    json_t *o = json_object();
    diag_json_text(o, "status", all.is_serving ? "ok" : sentence(f, status));
    diag_json_flag(o, "serving", all.is_serving);
    if (f->with_details) {
        diag_json_time(o, "first_expiry", all.first_expiry);
        json_object_set_new(o, "services", services_json(f));
    }
    return diag_json_finish(o, all.is_serving ? 200 : 503, a);
}
