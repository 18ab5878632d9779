/* SPDX-License-Identifier: Apache-2.0 */
/* How the identity stands, as diagnostics show it. */
#include "agent/identity_service_private.h"

/* A new identity is the proof that renewing works: the reads before it are steps of the same. */
#define RENEW "renew"
#define STORE "store"

static bool brings_identity(enum renewer_job job)
{
    return job == RENEWER_JOB_JOIN || job == RENEWER_JOB_RENEW;
}

/* What the state asks of a person is the remedy, where the error has none of its own. */
static void tell_failure(const struct identity_service *s, const char *operation, struct err *why,
                         struct now now)
{
    const char *advice = identity_service_advice(s);
    if (advice && !err_hint(why))
        why = err_set_hint(why, "%s", advice);
    health_failed(s->c.health, operation, why, now);
    err_free(why);
}

static void report_error(const struct identity_service *s, const char *operation, struct now now)
{
    CLEANUP(freep) char *text = err_text(s->error);
    struct err *why = err_new(err_code(s->error), "%s", text ? text : "out of memory");
    if (err_hint(s->error))
        why = err_set_hint(why, "%s", err_hint(s->error));
    tell_failure(s, operation, why, now);
}

static void report_job(const struct identity_service *s, const struct renewer_event *ev,
                       struct now now)
{
    const char *operation = ev->job == RENEWER_JOB_PERSIST ? STORE : RENEW;
    if (s->error)
        report_error(s, operation, now);
    else if (ev->job == RENEWER_JOB_PERSIST || brings_identity(ev->job))
        health_succeeded(s->c.health, operation, now);
}

/* No job failed: what was read of the cluster, or the calendar, says that it goes no further. */
static bool is_dead_end(enum renewer_state state)
{
    return state == RENEWER_HELD || state == RENEWER_OVERTAKEN || state == RENEWER_EXPIRED;
}

static void report_dead_end(const struct identity_service *s, struct now now)
{
    enum renewer_state state = s->renewer.state;
    enum err_code code = state == RENEWER_EXPIRED ? ERR_EXPIRED : ERR_DENIED;
    const char *what = state == RENEWER_EXPIRED     ? "the identity has expired"
                       : state == RENEWER_OVERTAKEN ? "the cluster is a generation ahead"
                                                    : "the outcome of a renewal is not known";
    tell_failure(s, RENEW, err_new(code, "%s", what), now);
}

/* Another attempt of the same cycle is to come. */
static bool goes_on(const struct renewer *r)
{
    bool is_under_way =
        r->state == RENEWER_RENEWING || r->state == RENEWER_JOINING || r->state == RENEWER_OPEN;
    return is_under_way && r->attempt < r->config.attempts;
}

static void count_end(struct identity_service *s, const struct renewer_event *ev, struct now now)
{
    bool is_over = is_dead_end(s->renewer.state) || (ev->code != ERR_OK && !goes_on(&s->renewer));
    if (ev->job == RENEWER_JOB_PERSIST)
        return;
    if (ev->code == ERR_OK && brings_identity(ev->job))
        cycle_metrics_ended(&s->counted, ERR_OK, now.mono);
    else if (is_over)
        cycle_metrics_ended(&s->counted, ev->code != ERR_OK ? ev->code : ERR_DENIED, now.mono);
}

/* An attempt begins with a join or a look at the own generation; what follows is a step of it. */
void identity_service_count_job(struct identity_service *s, enum renewer_job job)
{
    bool begins = job == RENEWER_JOB_JOIN || job == RENEWER_JOB_CHECK;
    if (begins || (!s->counted.is_running && job == RENEWER_JOB_RENEW))
        cycle_metrics_attempt(&s->counted, loop_now(s->c.loop).mono);
}

void identity_service_report(struct identity_service *s, const struct renewer_event *ev,
                             enum renewer_state before, struct mono wake)
{
    struct now now = loop_now(s->c.loop);
    const struct renewer *r = &s->renewer;
    if (ev->kind == RENEWER_JOB_DONE) {
        report_job(s, ev, now);
        count_end(s, ev, now);
    } else if (ev->kind == RENEWER_START && r->state == RENEWER_FRESH) {
        health_succeeded(s->c.health, RENEW, now); /* by the process before this one */
    }
    if (r->state != before && is_dead_end(r->state) && !s->error)
        report_dead_end(s, now);
    health_plan(s->c.health, wall_at(now, wake));
    health_serves(s->c.health, s->creds ? credentials_not_after(s->creds) : WALL_NONE);
}

void identity_service_describe(struct identity_service *s)
{
    credential_facts_release(&s->facts);
    struct err *e = credential_facts_of(s->creds, &s->facts);
    err_ignore(e, "diagnostics then know less; the identity serves");
}

static struct wall renew_at(const struct identity_service *s)
{
    const struct renewer *r = &s->renewer;
    const struct schedule next = {r->next == RENEWER_JOB_NONE ? MONO_NEVER : r->next_at,
                                  WALL_NEVER};
    return schedule_calendar(r->state == RENEWER_FRESH ? &r->schedule : &next, loop_now(s->c.loop));
}

struct credential_view identity_service_credentials(const struct identity_service *s)
{
    const struct config_destination *storage = &s->c.config->storage;
    bool is_on_disk = storage->type == CONFIG_DESTINATION_DIRECTORY;
    bool is_in_trouble = s->renewer.trouble_since.ns != MONO_NEVER.ns;
    return (struct credential_view){.service = IDENTITY_COMPONENT,
                                    .facts = s->creds ? &s->facts : NULL,
                                    .dir = is_on_disk ? storage->path : NULL,
                                    .renew_at = s->stopping ? WALL_NONE : renew_at(s),
                                    .is_stale = s->creds && is_in_trouble,
                                    .is_busy = s->job.is_busy};
}

const struct subject *identity_service_subject(const struct identity_service *s)
{
    return s->creds ? credentials_subject(s->creds) : NULL;
}

void identity_service_report_unstored(const struct identity_service *s, const struct err *why)
{
    health_failed(s->c.health, STORE, why, loop_now(s->c.loop));
}
