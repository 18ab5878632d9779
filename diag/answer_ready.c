/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_health.h"

/* Stopping is meant, but nobody should send work: 503, as for degraded. */
static unsigned code_of(enum health_state s)
{
    switch (s) {
    case HEALTH_OK:
        return 200;
    case HEALTH_RECOVERING:
    case HEALTH_STARTING:
        return 400;
    case HEALTH_DEGRADED:
    case HEALTH_STOPPING:
        break;
    }
    return 503;
}

static json_t *service_json(const struct diag_facts *f, const struct health_service *s)
{
    struct health_view v = health_view(s, f->now);
    json_t *o = json_object();
    diag_health_add(o, &v, f->with_details);
    return o;
}

/* What tbot says of a service, which leaves no time out; a stranger gets no reason. */
static json_t *tbot_service_json(const struct diag_facts *f, const struct health_service *s)
{
    struct health_view v = health_view(s, f->now);
    json_t *o = json_object();
    diag_json_text(o, "status", diag_health_word(v.state));
    if (f->with_details && v.state != HEALTH_OK)
        diag_json_text(o, "reason", v.reason);
    if (f->with_details && v.updated_at.ns == WALL_NONE.ns)
        json_object_set_new(o, "updated_at", json_null());
    else if (f->with_details)
        diag_json_time(o, "updated_at", v.updated_at);
    return o;
}

typedef json_t *service_fn(const struct diag_facts *f, const struct health_service *s);

static json_t *services_json(const struct diag_facts *f, service_fn *of)
{
    json_t *o = json_object();
    for (size_t i = 0; f->with_details && i < health_count(f->health); i++) {
        const struct health_service *s = health_at(f->health, i);
        json_object_set_new(o, health_view(s, f->now).name, of(f, s));
    }
    return o;
}

static struct err *answer_one(const struct diag_facts *f, const char *name, service_fn *of,
                              struct diag_answer *a)
{
    const struct health_service *s = health_find(f->health, name);
    if (!s)
        return diag_answer_no_service(name, a);
    bool is_ok = health_view(s, f->now).state == HEALTH_OK;
    return diag_json_finish(of(f, s), is_ok ? 200 : 503, a);
}

RESULT diag_answer_readyz(const struct diag_facts *f, const char *service, struct diag_answer *a)
{
    if (service)
        return answer_one(f, service, service_json, a);
    char status[DIAG_SENTENCE_SIZE];
    struct health_summary all = health_overall(f->health, f->now);
    json_t *o = json_object();
    diag_json_text(o, "status", diag_health_sentence(f, all.state, status));
    diag_json_text(o, "state", health_state_name(all.state));
    diag_json_number(o, "state_code", all.state);
    diag_json_flag(o, "serving", all.is_serving);
    if (f->with_details) {
        diag_json_number(o, "pid", f->pid);
        diag_json_time(o, "since", all.since);
        json_object_set_new(o, "services", services_json(f, service_json));
    }
    return diag_json_finish(o, code_of(all.state), a);
}

RESULT diag_answer_readyz_tbot(const struct diag_facts *f, const char *service,
                               struct diag_answer *a)
{
    if (service)
        return answer_one(f, service, tbot_service_json, a);
    bool is_ok = health_overall(f->health, f->now).state == HEALTH_OK;
    json_t *o = json_object();
    diag_json_text(o, "status", is_ok ? "healthy" : "unhealthy");
    json_object_set_new(o, "services", services_json(f, tbot_service_json));
    return diag_json_finish(o, is_ok ? 200 : 503, a);
}
