/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include "agent/agent_parts.h"

#include <signal.h>

#define COMPONENT "agent"

/* How long a stop waits for the reply of a renewal: without it a new token would be needed. What is
 * cancelled has ended long before, unless it hangs. */
#define STOP_LIMIT_S 10

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

/* What still runs is cancelled and not listened to any more. */
static void stop_now(struct agent *a)
{
    cancel_fire(a->force);
    loop_stop(a->loop);
}

static void on_stop_limit(void *arg)
{
    struct agent *a = arg;
    log_warn(a->setup.log, COMPONENT, "stopping without what still runs, it takes too long",
             LOG_STR("renewal", identity_service_awaits_reply(a->identity) ? "open" : NULL));
    stop_now(a);
}

/* The first signal: ends what can be ended, and waits for what cannot. */
static void stop_gently(struct agent *a)
{
    begin_stop(a);
    if (!identity_service_awaits_reply(a->identity))
        cancel_fire(a->force);
    else
        log_info(a->setup.log, COMPONENT, "waiting for the reply of a renewal",
                 LOG_DUR("at_most", dur_s(STOP_LIMIT_S)));
    struct mono limit = mono_add(loop_now(a->loop).mono, dur_s(STOP_LIMIT_S));
    struct err *e = loop_timer_set(a->loop, &a->stop_limit, limit);
    if (e)
        stop_now(a);
    err_ignore(e, "not waiting is the safe side");
}

static struct err *hurried(const struct agent *a, const char *signal)
{
    struct err *e = err_new(ERR_CANCELLED, "stopped without waiting, as a second %s asks", signal);
    if (!identity_service_awaits_reply(a->identity))
        return e;
    return err_set_hint(e, "A renewal is under way. The next start finds out from the cluster "
                           "whether it went through; if it did, the bot needs a new token.");
}

static void stop_by_signal(struct agent *a, int signo)
{
    const char *name = signo == SIGTERM ? "SIGTERM" : "SIGINT";
    if (!a->stopping) {
        log_info(a->setup.log, COMPONENT, "stopping", LOG_STR("signal", name));
        stop_gently(a);
        return;
    }
    end(a, hurried(a, name));
    stop_now(a);
}

static void renew_all(struct agent *a)
{
    log_info(a->setup.log, COMPONENT, "renewing everything now, as asked by a signal");
    cluster_forget_facts(a->cluster);
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
    const char *hint = why && err_hint(why) ? err_hint(why) : identity_service_advice(a->identity);
    CLEANUP(freep) char *text = why ? err_text(why) : NULL;
    struct err *e = err_new(why ? err_code(why) : ERR_DENIED, "no fresh identity: %s",
                            text ? text : "the stored one must not be renewed");
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

/*
 * One bad destination does not keep the others from being served: it is told of, and tried again by
 * its output. It does end a first start for which no good one is left, before the token is used, and
 * it does so where the configuration is wrong: that heals by no retry.
 */
static struct err *prepare_outputs(struct agent *a)
{
    CLEANUP(err_freep) struct err *first = NULL;
    size_t n_failed = 0;
    for (size_t i = 0; i < a->n_outputs; i++) {
        struct err *e = output_service_prepare(a->outputs[i]);
        if (!e)
            continue;
        if (err_code(e) == ERR_CONFIG)
            return e;
        n_failed++;
        log_err(a->setup.log, LOG_WARN, COMPONENT, "an output cannot be written now", e);
        if (first)
            err_free(e);
        else
            first = e;
    }
    bool is_hopeless = n_failed > 0 && n_failed == a->n_outputs;
    return is_hopeless && !identity_service_has_stored(a->identity) ? TAKE(first) : NULL;
}

static struct err *start(struct agent *a)
{
    loop_on_signal(a->loop, on_signal, a);
    loop_on_jump(a->loop, on_jump, a);
    TRY(identity_service_load(a->identity));
    TRY(prepare_outputs(a));
    identity_service_start(a->identity);
    return NULL;
}

RESULT agent_run(const struct agent_setup *setup)
{
    CLEANUP(agent_parts_release) struct agent a = {.setup = *setup};
    a.changed = changed;
    a.stop_limit = (struct loop_timer){.fn = on_stop_limit, .arg = &a};
    TRY(agent_parts_make(&a));
    TRY(start(&a));
    TRY(loop_run(a.loop));
    TRY(identity_service_settle(a.identity));
    if (!a.failure)
        log_info(setup->log, COMPONENT, "stopped");
    return TAKE(a.failure);
}
