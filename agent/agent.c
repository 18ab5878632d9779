/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include "agent/agent_parts.h"

#include <signal.h>

#define COMPONENT "agent"

/* How long a stop waits for the reply of a renewal: without it a new token would be needed. */
#define REPLY_WAIT_S 10

static void begin_stop(struct agent *a)
{
    if (a->stopping)
        return;
    a->stopping = true;
    identity_service_stop(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_stop(a->outputs[i]);
    cancel_fire(a->stop);
}

static bool is_quiet(const struct agent *a)
{
    if (identity_service_is_busy(a->identity) || a->filling)
        return false;
    for (size_t i = 0; i < a->n_outputs; i++)
        if (output_service_is_busy(a->outputs[i]))
            return false;
    return true;
}

static void end(struct agent *a, struct err *e)
{
    if (!a->failure)
        a->failure = e;
    else
        err_free(e);
    begin_stop(a);
}

static void on_reply_overdue(void *arg)
{
    cancel_fire(((struct agent *)arg)->force);
}

static void stop_by_signal(struct agent *a, int signo)
{
    const char *name = signo == SIGTERM ? "SIGTERM" : "SIGINT";
    if (a->stopping) {
        log_warn(a->setup.log, COMPONENT, "stopping now, without waiting", LOG_STR("signal", name));
        cancel_fire(a->force);
        return;
    }
    log_info(a->setup.log, COMPONENT, "stopping", LOG_STR("signal", name));
    begin_stop(a);
    if (!identity_service_awaits_reply(a->identity)) {
        cancel_fire(a->force);
        return;
    }
    log_info(a->setup.log, COMPONENT, "waiting for the reply of a renewal",
             LOG_DUR("at_most", dur_s(REPLY_WAIT_S)));
    struct mono limit = mono_add(loop_now(a->loop).mono, dur_s(REPLY_WAIT_S));
    struct err *e = loop_timer_set(a->loop, &a->reply_limit, limit);
    if (e)
        cancel_fire(a->force);
    err_ignore(e, "not waiting is the safe side");
}

static void renew_all(struct agent *a)
{
    log_info(a->setup.log, COMPONENT, "renewing everything now, as asked by a signal");
    identity_service_renew_now(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_renew_now(a->outputs[i]);
}

static void on_signal(void *arg, int signo)
{
    struct agent *a = arg;
    if (signo == SIGTERM || signo == SIGINT)
        stop_by_signal(a, signo);
    else if (!a->stopping)
        renew_all(a);
    if (a->stopping && is_quiet(a))
        loop_stop(a->loop);
}

static void on_jump(void *arg, struct dur by)
{
    struct agent *a = arg;
    log_warn(a->setup.log, COMPONENT, "the system's clock was set", LOG_DUR("by", by));
    identity_service_wake(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_wake(a->outputs[i]);
}

/* With --oneshot: everything was tried once. Waits for all outputs, so that each failure is told. */
static bool one_pass_ended(const struct agent *a)
{
    if (identity_service_state(a->identity) != RENEWER_FRESH)
        return false;
    for (size_t i = 0; i < a->n_outputs; i++)
        if (!output_service_has_run(a->outputs[i]))
            return false;
    return true;
}

static struct err *one_pass_result(const struct agent *a)
{
    unsigned failed = 0;
    for (size_t i = 0; i < a->n_outputs; i++)
        failed += !output_service_is_ok(a->outputs[i]);
    if (failed == 0)
        return NULL;
    return err_new(ERR_UNAVAILABLE, "%u of %zu outputs could not be written (see above)", failed,
                   a->n_outputs);
}

static struct err *identity_failure(const struct agent *a)
{
    const struct err *why = identity_service_error(a->identity);
    const char *hint = why ? err_hint(why) : NULL;
    CLEANUP(freep) char *text = why ? err_text(why) : NULL;
    struct err *e = err_new(why ? err_code(why) : ERR_UNAVAILABLE, "no identity: %s",
                            text ? text : "the stored one cannot be renewed (see above)");
    return hint ? err_set_hint(e, "%s", hint) : e;
}

static void start_outputs(struct agent *a)
{
    /* One pass writes outputs from the renewed identity, not beside its renewal. */
    bool ready = a->setup.config->oneshot ? identity_service_state(a->identity) == RENEWER_FRESH
                                          : identity_service_is_serving(a->identity);
    if (!ready)
        return;
    a->outputs_started = true;
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_start(a->outputs[i]);
}

/* The cluster answered again: outputs that gave up need not wait for their next interval. */
static void wake_stale_outputs(struct agent *a)
{
    enum renewer_state state = identity_service_state(a->identity);
    bool back = state == RENEWER_FRESH && a->last_state != RENEWER_FRESH;
    a->last_state = state;
    for (size_t i = 0; back && i < a->n_outputs; i++)
        if (output_service_is_stale(a->outputs[i]))
            output_service_renew_now(a->outputs[i]);
}

static void changed(void *arg)
{
    struct agent *a = arg;
    if (!a->stopping && identity_service_state(a->identity) == RENEWER_FAILED)
        end(a, identity_failure(a));
    if (!a->stopping) {
        start_outputs(a);
        wake_stale_outputs(a);
        if (!a->outputs_started || !a->setup.config->oneshot)
            agent_parts_fill_keys(a);
    }
    if (!a->stopping && a->setup.config->oneshot && one_pass_ended(a))
        end(a, one_pass_result(a));
    if (a->stopping && is_quiet(a))
        loop_stop(a->loop);
}

static struct err *start(struct agent *a)
{
    loop_on_signal(a->loop, on_signal, a);
    loop_on_jump(a->loop, on_jump, a);
    for (size_t i = 0; i < a->n_outputs; i++)
        TRY(output_service_prepare(a->outputs[i]));
    TRY(identity_service_start(a->identity));
    return NULL;
}

RESULT agent_run(const struct agent_setup *setup)
{
    CLEANUP(agent_parts_release) struct agent a = {.setup = *setup};
    a.changed = changed;
    a.reply_limit = (struct loop_timer){.fn = on_reply_overdue, .arg = &a};
    TRY(agent_parts_make(&a));
    TRY(start(&a));
    TRY(loop_run(a.loop));
    if (!a.failure)
        log_info(setup->log, COMPONENT, "stopped");
    return TAKE(a.failure);
}
