/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_reload.h"

#include "agent/agent_stop.h"
#include "diag/core/agent_metrics.h"

#define COMPONENT "reload"

/* Reading a file and looking at directories; a disk that takes as long hangs. */
#define LIMIT_S 30

static void run(void *arg)
{
    struct agent_reload *r = &((struct agent *)arg)->reload;
    reload_judge(&r->question, &r->verdict);
}

/* --- what is said of it --- */

static void say_lines(const struct agent *a, enum log_level level, const struct strlist *lines)
{
    for (size_t i = 0; i < lines->len; i++)
        log_err(a->setup.log, level, COMPONENT, lines->items[i], NULL);
}

static void say_failure(const struct agent *a, const struct reload_outcome *o)
{
    log_err(a->setup.log, LOG_ERROR, COMPONENT,
            "the new configuration is not in force, nothing was changed", NULL,
            LOG_STR("config", a->config->file), LOG_INT("errors", (int64_t)o->errors.len));
    say_lines(a, LOG_ERROR, &o->errors);
}

static void say_success(const struct agent *a, const struct reload_outcome *o, struct dur held_up)
{
    say_lines(a, LOG_WARN, &o->warnings);
    log_info(a->setup.log, COMPONENT, "the new configuration is in force",
             LOG_INT("kept", (int64_t)o->n_kept), LOG_INT("added", (int64_t)o->added.len),
             LOG_INT("changed", (int64_t)o->changed.len),
             LOG_INT("removed", (int64_t)o->removed.len), LOG_DUR("held_up", held_up));
}

/* It is known by who asked, in the log, metrics and by the service manager. */
static void tell(struct agent *a)
{
    agent_metrics_reloaded(diagnostics_metrics(a->diagnostics), !a->reload.last.has_failed);
    diagnostics_changed(a->diagnostics);
    notify_service_look(a->notify);
}

/* --- one after the other --- */

static struct err *make_lane(struct agent *a)
{
    struct agent_reload *r = &a->reload;
    if (!r->lane)
        TRY(pool_new(a->loop, 1, &r->lane));
    r->job.pool = r->lane;
    return NULL;
}

static void end(struct agent *a);

static void begin(struct agent *a)
{
    struct agent_reload *r = &a->reload;
    r->question.running = a->config;
    r->question.stop = a->stop;
    notify_service_look(a->notify);
    struct err *e = make_lane(a);
    if (!e) {
        service_job_start(&r->job, dur_s(LIMIT_S));
        return;
    }
    reload_outcome_fail(&r->verdict.outcome, e);
    end(a);
}

static void change_over(struct agent *a)
{
    struct reload_verdict *v = &a->reload.verdict;
    struct mono began = clock_mono(a->setup.clock);
    if (v->outcome.has_failed)
        return;
    struct err *e = agent_swap(a, v);
    if (e)
        reload_outcome_fail(&v->outcome, e);
    else
        say_success(a, &v->outcome, mono_diff(clock_mono(a->setup.clock), began));
}

/* The verdict's lists become what is told of the last one. */
static void keep_outcome(struct agent_reload *r)
{
    reload_outcome_release(&r->last);
    r->last = r->verdict.outcome;
    r->verdict.outcome = (struct reload_outcome){0};
}

static void end(struct agent *a)
{
    struct agent_reload *r = &a->reload;
    bool is_late = r->state.is_given_up || a->stopping;
    if (!is_late) {
        change_over(a);
        if (r->verdict.outcome.has_failed)
            say_failure(a, &r->verdict.outcome);
        keep_outcome(r);
    }
    reload_verdict_release(&r->verdict);
    bool goes_on = reload_ended(&r->state, !r->last.has_failed, loop_now(a->loop).wall);
    if (!is_late)
        tell(a);
    if (goes_on)
        begin(a);
    a->changed(a);
}

static void on_done(void *arg)
{
    end(arg);
}

static void on_overdue(void *arg)
{
    struct agent *a = arg;
    struct agent_reload *r = &a->reload;
    reload_outcome_release(&r->last);
    reload_outcome_fail(&r->last,
                        err_set_hint(err_new(ERR_TIMEOUT, "reading and testing the configuration "
                                                          "hangs in the system"),
                                     "Is a disk that it names gone?"));
    reload_give_up(&r->state, loop_now(a->loop).wall);
    say_failure(a, &r->last);
    tell(a);
}

void agent_reload_ask(struct agent *a, const char *asked_by)
{
    switch (reload_ask(&a->reload.state)) {
    case RELOAD_BEGIN:
        log_info(a->setup.log, COMPONENT, "reading the configuration again",
                 LOG_STR("asked_by", asked_by));
        begin(a);
        return;
    case RELOAD_QUEUED:
        log_info(a->setup.log, COMPONENT,
                 "the configuration is read again once more when this time is over",
                 LOG_STR("asked_by", asked_by));
        return;
    case RELOAD_STOPPING:
        return;
    case RELOAD_NEVER:
        log_warn(a->setup.log, COMPONENT, "one pass reads its configuration once",
                 LOG_STR("asked_by", asked_by));
        return;
    }
}

void agent_reload_by_request(void *arg)
{
    agent_reload_ask(arg, AGENT_REQUEST);
}

void agent_reload_stop(struct agent *a)
{
    reload_stop(&a->reload.state);
}

/* --- what was retired --- */

bool agent_reload_is_busy(const struct agent *a)
{
    for (size_t i = 0; i < a->reload.n_retired; i++)
        if (output_service_is_busy(a->reload.retired[i]))
            return true;
    return false;
}

static bool has_to_wait(const struct agent *a, const struct output_service *output)
{
    for (size_t i = 0; i < a->reload.n_retired; i++)
        if (output_service_has_to_wait(output, a->reload.retired[i]))
            return true;
    return false;
}

static void free_quiet(struct agent_reload *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n_retired; i++) {
        if (output_service_is_busy(r->retired[i]))
            r->retired[kept++] = r->retired[i];
        else
            output_service_free(r->retired[i]);
    }
    r->n_retired = kept;
}

static void on_tidy(void *arg)
{
    struct agent *a = arg;
    free_quiet(&a->reload);
    for (size_t i = 0; a->supervisor.started && !a->stopping && i < a->n_outputs; i++)
        if (!output_service_is_started(a->outputs[i]) && !has_to_wait(a, a->outputs[i]))
            output_service_start(a->outputs[i]);
}

void agent_reload_look(struct agent *a)
{
    bool has_new = false;
    for (size_t i = 0; a->supervisor.started && i < a->n_outputs; i++)
        has_new |= !output_service_is_started(a->outputs[i]);
    if (a->reload.n_retired == 0 && !has_new)
        return;
    struct err *e = loop_timer_set(a->loop, &a->reload.tidy, loop_now(a->loop).mono);
    err_ignore(e, "what happens next looks again");
}

void agent_reload_init(struct agent *a)
{
    a->config = a->setup.config;
    a->reload = (struct agent_reload){
        .question = {.source = a->setup.reload,
                     .started = a->setup.config,
                     .sandbox = a->setup.sandbox,
                     .clock = a->setup.clock},
        .tidy = {.fn = on_tidy, .arg = a},
        .job = {.loop = a->loop,
                .clock = a->setup.clock,
                .log = a->setup.log,
                .name = COMPONENT,
                .run = run,
                .done = on_done,
                .overdue = on_overdue,
                .arg = a},
    };
    reload_init(&a->reload.state, !a->config->oneshot && a->setup.reload.read);
}

void agent_reload_release(struct agent *a)
{
    struct agent_reload *r = &a->reload;
    service_job_release(&r->job);
    if (a->loop)
        loop_timer_clear(a->loop, &r->tidy);
    pool_free(r->lane);
    for (size_t i = 0; i < r->n_retired; i++)
        output_service_free(r->retired[i]);
    free(r->retired);
    reload_verdict_release(&r->verdict);
    reload_outcome_release(&r->last);
}
