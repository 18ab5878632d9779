/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/connection_service.h"

#include "agent/service_job.h"
#include "diag/core/agent_metrics.h"

#include <stdatomic.h>

#define COMPONENT "connection"
#define OPERATION "check"

/* Not longer than the pause between two checks while an outage is young. */
#define CHECK_LIMIT_S 10

struct connection_service {
    struct connection_service_config c;
    struct contact contact;
    struct loop_timer timer;
    struct loop_timer patience; /* until `give_up_after` is over */
    struct mono began;
    struct loop_task lost;
    atomic_bool is_lost_posted; /* `lost` is on its way */
    bool stopping;
    bool is_check_wanted; /* as soon as the one that hangs is back */
    struct err *error;    /* of the last check that was told */
    struct dur round_trip;

    /* The check under way; a worker's until its `done`. */
    struct service_job job;
    struct ctx ctx;
    struct err *outcome;
    struct dur took;
};

static void step(struct connection_service *s, enum contact_event_kind kind, enum err_code code);

static void on_timer(void *arg)
{
    step(arg, CONTACT_TIMER, ERR_OK);
}

static void on_patience(void *arg)
{
    struct connection_service *s = arg;
    s->c.gave_up(s->c.arg);
}

static void on_lost(void *arg)
{
    struct connection_service *s = arg;
    atomic_store(&s->is_lost_posted, false);
    step(s, CONTACT_SUSPECT, ERR_OK);
}

void connection_service_lost(struct connection_service *s)
{
    if (!atomic_exchange(&s->is_lost_posted, true))
        loop_post(s->c.loop, &s->lost);
}

static void run_check(void *arg)
{
    struct connection_service *s = arg;
    struct mono began = clock_mono(s->c.clock);
    s->outcome = s->c.check(s->c.check_arg, &s->ctx);
    s->took = mono_diff(clock_mono(s->c.clock), began);
}

static void begin_check(struct connection_service *s)
{
    struct ctx now = {s->c.clock, s->c.stop, MONO_NEVER};
    s->is_check_wanted = s->job.is_busy;
    if (s->is_check_wanted)
        return;
    s->ctx = ctx_until(&now, dur_s(CHECK_LIMIT_S));
    service_job_start(&s->job, dur_s(CHECK_LIMIT_S));
}

/* A refusal is contact, but all is not well. */
static void report(const struct connection_service *s, const struct err *outcome)
{
    struct now now = loop_now(s->c.loop);
    if (outcome)
        health_failed(s->c.health, OPERATION, outcome, now);
    else
        health_succeeded(s->c.health, OPERATION, now);
}

static void tell(struct connection_service *s, struct err *outcome)
{
    report(s, outcome);
    err_free(s->error);
    s->error = outcome;
    step(s, CONTACT_CHECKED, err_code(outcome));
}

static void on_done(void *arg)
{
    struct connection_service *s = arg;
    struct err *outcome = TAKE(s->outcome);
    if (!outcome)
        s->round_trip = s->took;
    if (s->stopping) {
        err_ignore(outcome, "nobody wants to know any more");
        s->c.changed(s->c.arg);
    } else if (s->contact.checking && !s->is_check_wanted) {
        tell(s, outcome);
    } else { /* it hung, and was told of */
        err_ignore(outcome, "too old to say anything");
        if (s->is_check_wanted)
            begin_check(s);
    }
}

/* A name server that is not there holds a check longer than its limit; that too is no answer. */
static void on_overdue(void *arg)
{
    struct connection_service *s = arg;
    if (!s->stopping)
        tell(s, err_new(ERR_TIMEOUT, "the check hangs in the system"));
}

RESULT connection_service_new(const struct connection_service_config *config,
                              struct connection_service **ret)
{
    struct connection_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    s->patience = (struct loop_timer){.fn = on_patience, .arg = s};
    s->began = loop_now(config->loop).mono;
    s->lost = (struct loop_task){.fn = on_lost, .arg = s};
    s->job = (struct service_job){.loop = config->loop,
                                  .clock = config->clock,
                                  .pool = config->lane,
                                  .log = config->log,
                                  .name = COMPONENT,
                                  .run = run_check,
                                  .done = on_done,
                                  .overdue = on_overdue,
                                  .arg = s};
    contact_init(&s->contact, config->entropy, s->began);
    *ret = s;
    return NULL;
}

void connection_service_free(struct connection_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    loop_timer_clear(s->c.loop, &s->patience);
    service_job_release(&s->job);
    err_free(s->outcome);
    err_free(s->error);
    free(s);
}

static void say_change(const struct connection_service *s, const struct contact_todo *todo)
{
    bool was_there = s->contact.last_contact.ns != MONO_NEVER.ns;
    if (todo->is_lost)
        log_err(s->c.log, LOG_WARN, COMPONENT,
                was_there ? "lost contact with the cluster" : "the cluster is out of reach",
                s->error, LOG_STR("cluster", s->c.cluster));
    if (todo->has_returned)
        log_err(s->c.log, s->error ? LOG_WARN : LOG_INFO, COMPONENT,
                s->error ? "the cluster is back, but refuses" : "the cluster is back", s->error,
                LOG_STR("cluster", s->c.cluster), LOG_DUR("outage", todo->lasted));
}

/* MONO_NEVER: as long as there is contact, and without a limit. */
static struct mono patience_ends(const struct connection_service *s)
{
    const struct contact *c = &s->contact;
    if (c->state != CONTACT_DOWN || s->c.give_up_after.ns == 0)
        return MONO_NEVER;
    bool was_never_there = c->last_contact.ns == MONO_NEVER.ns;
    return mono_add(was_never_there ? s->began : c->last_contact, s->c.give_up_after);
}

static void set_timers(struct connection_service *s, struct mono wake)
{
    struct err *e = loop_timer_set(s->c.loop, &s->timer, wake);
    if (!e)
        e = loop_timer_set(s->c.loop, &s->patience, patience_ends(s));
    if (e)
        log_err(s->c.log, LOG_ERROR, COMPONENT, "the next check is not scheduled", e);
    err_free(e);
}

static void count(const struct connection_service *s, struct now now)
{
    const struct contact *c = &s->contact;
    agent_metrics_authority(s->c.metrics, s->c.path, c->state == CONTACT_UP,
                            wall_at(now, c->last_contact));
}

static void step(struct connection_service *s, enum contact_event_kind kind, enum err_code code)
{
    if (s->stopping)
        return;
    struct now now = loop_now(s->c.loop);
    enum contact_state before = s->contact.state;
    struct contact_event ev = {.kind = kind, .code = code};
    struct contact_todo todo = contact_step(&s->contact, &ev, now.mono);
    say_change(s, &todo);
    if (kind == CONTACT_CHECKED && before == CONTACT_DOWN && !todo.has_returned)
        log_err(s->c.log, LOG_DEBUG, COMPONENT, "still no contact with the cluster", s->error);
    if (todo.check)
        begin_check(s);
    set_timers(s, todo.wake);
    health_plan(s->c.health, wall_at(now, todo.wake));
    count(s, now);
    if (kind == CONTACT_CALLED && contact_is_well(&s->contact))
        health_succeeded(s->c.health, OPERATION, now);
    if (s->contact.last_contact.ns == now.mono.ns)
        s->c.in_touch(s->c.arg);
    if (s->contact.state != before)
        s->c.changed(s->c.arg);
}

void connection_service_look(struct connection_service *s)
{
    step(s, CONTACT_LOOK, ERR_OK);
}

void connection_service_hear(struct connection_service *s, enum err_code code)
{
    struct contact_event ev;
    if (contact_hear(code, &ev))
        step(s, ev.kind, ERR_OK);
}

void connection_service_stop(struct connection_service *s)
{
    s->stopping = true;
    loop_timer_clear(s->c.loop, &s->timer);
    loop_timer_clear(s->c.loop, &s->patience);
}

bool connection_service_is_busy(const struct connection_service *s)
{
    return s->job.is_busy;
}

const struct contact *connection_service_contact(const struct connection_service *s)
{
    return &s->contact;
}

struct dur connection_service_round_trip(const struct connection_service *s)
{
    return s->round_trip;
}

const struct err *connection_service_error(const struct connection_service *s)
{
    return s->error;
}
