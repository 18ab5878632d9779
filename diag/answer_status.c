/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_health.h"

#include <string.h>

/* A disk that takes longer is not worth waiting for: then what was seen before is told. */
#define REFRESH_LIMIT dur_s(1)

/* To the microsecond: a cluster next door answers in less than a millisecond. */
static void add_seconds(json_t *o, const char *key, struct dur d)
{
    int64_t us = d.ns / 1000;
    if (d.ns > 0)
        json_object_set_new(o, key, json_real((double)us / 1e6));
}

static void add_number(json_t *o, const char *key, int64_t n)
{
    if (n != 0)
        diag_json_number(o, key, n);
}

static json_t *build_json(const struct diag_report *r)
{
    json_t *o = json_object();
    diag_json_text(o, "version", r->version);
    diag_json_text(o, "revision", r->revision);
    diag_json_text(o, "compiler", r->compiler);
    return o;
}

static json_t *config_json(const struct diag_report *r)
{
    json_t *o = json_object();
    diag_json_text(o, "path", r->config_path);
    diag_json_text(o, "sha256", r->config_hash);
    return o;
}

static json_t *sandbox_json(const struct diag_sandbox *s)
{
    json_t *o = json_object();
    diag_json_text(o, "landlock", s->landlock);
    add_number(o, "landlock_abi", s->landlock_version);
    diag_json_text(o, "landlock_reason", s->no_landlock);
    diag_json_text(o, "seccomp", s->seccomp);
    diag_json_text(o, "seccomp_reason", s->no_seccomp);
    return o;
}

static json_t *authority_json(const struct diag_authority *a)
{
    json_t *o = json_object();
    diag_json_text(o, "address", a->address);
    diag_json_text(o, "path", a->path);
    diag_json_text(o, "route", a->route);
    diag_json_text(o, "state", a->state);
    diag_json_text(o, "version", a->version);
    diag_json_time(o, "last_contact", a->last_contact);
    add_seconds(o, "round_trip_seconds", a->round_trip);
    diag_json_text(o, "error", a->error);
    return o;
}

static json_t *identity_json(const struct diag_identity *i)
{
    json_t *o = json_object();
    diag_json_text(o, "cluster", i->cluster);
    diag_json_text(o, "bot", i->bot);
    diag_json_text(o, "instance", i->instance);
    add_number(o, "generation", i->generation);
    diag_json_time(o, "not_before", i->not_before);
    diag_json_time(o, "not_after", i->not_after);
    diag_json_time(o, "next_renewal", i->next_renewal);
    diag_json_text(o, "state", i->state);
    diag_json_text(o, "advice", i->advice);
    diag_json_text(o, "error", i->error);
    return o;
}

static json_t *credential_json(const struct diag_credential *c)
{
    json_t *o = json_object();
    diag_json_text(o, "kind", c->kind);
    diag_json_text(o, "subject", c->subject);
    diag_json_text(o, "serial", c->serial);
    diag_json_time(o, "not_before", c->not_before);
    diag_json_time(o, "not_after", c->not_after);
    diag_json_time(o, "renew_at", c->renew_at);
    diag_json_flag(o, "stale", c->is_stale);
    diag_json_text(o, "path", c->path);
    diag_json_text(o, "on_disk", diag_copy_name(c->copy));
    diag_json_time(o, "on_disk_seen_at", c->copy_seen_at);
    return o;
}

static json_t *credentials_json(const struct diag_report *r, const char *service)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_credentials; i++) {
        if (strcmp(r->credentials[i].service, service) == 0)
            json_array_append_new(list, credential_json(&r->credentials[i]));
    }
    return list;
}

static json_t *hook_json(const struct diag_hook *h)
{
    json_t *o = json_object();
    diag_json_text(o, "kind", h->kind);
    diag_json_text(o, "target", h->target);
    diag_json_text(o, "state", h->state);
    diag_json_time(o, "last_run", h->last_run);
    diag_json_time(o, "last_success", h->last_success);
    diag_json_time(o, "next_attempt", h->next_attempt);
    add_number(o, "consecutive_failures", h->failures);
    diag_json_text(o, "error", h->error);
    diag_json_text(o, "hint", h->hint);
    return o;
}

static void add_hook(json_t *o, const struct diag_report *r, const char *service)
{
    for (size_t i = 0; i < r->n_hooks; i++) {
        if (strcmp(r->hooks[i].service, service) == 0)
            json_object_set_new(o, "hook", hook_json(&r->hooks[i]));
    }
}

static json_t *service_json(const struct diag_report *r, const struct health_view *v)
{
    json_t *o = json_object();
    diag_json_text(o, "name", v->name);
    diag_json_text(o, "kind", v->kind == HEALTH_PERIODIC ? "check" : "service");
    diag_health_add(o, v, true);
    diag_json_number(o, "state_code", v->state);
    diag_json_text(o, "operation", v->operation);
    diag_json_flag(o, "serving", v->is_serving);
    diag_json_time(o, "serves_until", v->serves_until);
    json_object_set_new(o, "credentials", credentials_json(r, v->name));
    add_hook(o, r, v->name);
    return o;
}

static json_t *services_json(const struct diag_facts *f, const struct diag_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < health_count(f->health); i++) {
        struct health_view v = health_view(health_at(f->health, i), f->now);
        json_array_append_new(list, service_json(r, &v));
    }
    return list;
}

static json_t *listeners_json(const struct diag_facts *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_listeners; i++) {
        const struct diag_listener_view *v = &f->listeners[i];
        json_t *o = json_object();
        diag_json_text(o, "address", v->text);
        add_number(o, "port", v->port);
        diag_json_number(o, "connections", (int64_t)v->connections);
        diag_json_number(o, "waiting", (int64_t)v->held);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *log_json(const struct diag_facts *f)
{
    json_t *o = json_object();
    diag_json_text(o, "level", f->log ? log_level_name(log_get_level(f->log)) : NULL);
    diag_json_time(o, "until", f->log_level_until);
    return o;
}

static json_t *reloads_json(const struct diag_reloads *r)
{
    json_t *o = json_object();
    diag_json_number(o, "succeeded", r->succeeded);
    diag_json_number(o, "failed", r->failed);
    diag_json_flag(o, "under_way", r->is_under_way);
    diag_json_time(o, "last", r->last);
    diag_json_text(o, "last_error", r->last_error);
    return o;
}

static json_t *warnings_json(const struct diag_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_warnings; i++) {
        json_t *text = json_string(r->warnings[i]);
        json_array_append_new(list, text ? text : json_string("(not UTF-8)"));
    }
    return list;
}

static void add_process(json_t *o, const struct diag_facts *f, const struct diag_report *r,
                        enum health_state state)
{
    json_object_set_new(o, "build", build_json(r));
    diag_json_text(o, "hostname", r->hostname);
    diag_json_number(o, "pid", f->pid);
    diag_json_time(o, "time", f->now.wall);
    diag_json_time(o, "started_at", r->started_at);
    if (r->started_at.ns != WALL_NONE.ns)
        diag_json_number(o, "uptime_seconds", dur_to_s(r->uptime));
    diag_json_text(o, "mode", state == HEALTH_STOPPING ? "stopping" : diag_mode_name(r->mode));
    json_object_set_new(o, "config", config_json(r));
    json_object_set_new(o, "log", log_json(f));
    json_object_set_new(o, "sandbox", sandbox_json(&r->sandbox));
}

static void add_state(json_t *o, const struct diag_facts *f, const struct health_summary *all)
{
    char status[DIAG_SENTENCE_SIZE];
    diag_json_text(o, "state", health_state_name(all->state));
    diag_json_number(o, "state_code", all->state);
    diag_json_text(o, "status", diag_health_sentence(f, all->state, status));
    diag_json_time(o, "since", all->since);
    diag_json_flag(o, "serving", all->is_serving);
    diag_json_time(o, "first_expiry", all->first_expiry);
}

static struct err *answer_now(const struct diag_facts *f, struct diag_answer *a)
{
    struct diag_report r = {.mode = DIAG_DAEMON};
    if (f->reporter.report)
        f->reporter.report(f->reporter.arg, &r);
    struct health_summary all = health_overall(f->health, f->now);
    json_t *o = json_object();
    add_process(o, f, &r, all.state);
    add_state(o, f, &all);
    json_object_set_new(o, "authority", authority_json(&r.authority));
    json_object_set_new(o, "identity", identity_json(&r.identity));
    json_object_set_new(o, "services", services_json(f, &r));
    json_object_set_new(o, "listeners", listeners_json(f));
    json_object_set_new(o, "reloads", reloads_json(&r.reloads));
    json_object_set_new(o, "warnings", warnings_json(&r));
    return diag_json_finish(o, 200, a);
}

static bool is_worth_waiting(const struct diag_facts *f, struct mono until)
{
    return f->reporter.refresh && f->may_hold && mono_before(f->now.mono, until) &&
           !f->reporter.refresh(f->reporter.arg);
}

RESULT diag_answer_status(const struct diag_facts *f, struct mono since, struct diag_answer *a)
{
    struct mono until = mono_add(since, REFRESH_LIMIT);
    a->is_held = is_worth_waiting(f, until);
    a->ask_at = until;
    return a->is_held ? NULL : answer_now(f, a);
}
