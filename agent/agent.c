/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include "agent/agent_parts.h"
#include "agent/agent_stop.h"
#include "agent/notify_status.h"

#include <signal.h>

#define COMPONENT "agent"

/* For an API server that does not answer: at a start nothing else goes on meanwhile. */
#define PREPARE_LIMIT_S 5

static void renew_all(struct agent *a, const char *asked_by)
{
    log_info(a->setup.log, COMPONENT, "renewing everything now", LOG_STR("asked_by", asked_by));
    cluster_forget_facts(a->cluster);
    if (a->supervisor.watching)
        connection_service_look(a->connection);
    identity_service_renew_now(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_renew_now(a->outputs[i]);
}

static void on_signal(void *arg, int signo)
{
    struct agent *a = arg;
    if (signo == SIGTERM || signo == SIGINT)
        agent_stop_by_signal(a, signo);
    else if (signo == SIGHUP)
        agent_reload_ask(a, "SIGHUP");
    else if (!a->stopping)
        renew_all(a, "SIGUSR1");
    if (a->stopping && agent_is_quiet(a))
        loop_stop(a->loop);
}

/* --- asked by a request to the diagnostics server --- */

static void renew_by_request(void *arg)
{
    struct agent *a = arg;
    if (!a->stopping)
        renew_all(a, AGENT_REQUEST);
}

static void on_jump(void *arg, struct dur by)
{
    struct agent *a = arg;
    log_warn(a->setup.log, COMPONENT, "the system's clock was set", LOG_DUR("by", by));
    identity_service_wake(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_wake(a->outputs[i]);
}

static struct err *outputs_failure(const struct agent *a)
{
    unsigned failed = 0;
    for (size_t i = 0; i < a->n_outputs; i++)
        failed += !output_service_is_ok(a->outputs[i]);
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

static struct supervisor_view view(const struct agent *a)
{
    struct supervisor_view v = {
        .identity = identity_service_state(a->identity),
        .is_serving = identity_service_is_serving(a->identity),
        .contact = connection_service_contact(a->connection)->state,
        .n_outputs = a->n_outputs,
        .runs_hooks = hooks_is_busy(a->setup.hooks),
    };
    for (size_t i = 0; i < a->n_outputs; i++) {
        bool has_run = output_service_has_run(a->outputs[i]);
        v.n_run += has_run;
        v.n_failed += has_run && !output_service_is_ok(a->outputs[i]);
    }
    return v;
}

static void for_outputs(const struct agent *a, unsigned todo, unsigned bit,
                        void (*fn)(struct output_service *output))
{
    for (size_t i = 0; (todo & bit) && i < a->n_outputs; i++)
        fn(a->outputs[i]);
}

/* Does what the supervisor has decided, in its order. */
static void follow(struct agent *a, unsigned todo)
{
    if (todo & SUPERVISOR_WATCH_CONTACT)
        connection_service_look(a->connection);
    if (todo & SUPERVISOR_TELL_IDENTITY)
        identity_service_contact(a->identity);
    for_outputs(a, todo, SUPERVISOR_HOLD_OUTPUTS, output_service_hold);
    for_outputs(a, todo, SUPERVISOR_RELEASE_OUTPUTS, output_service_release);
    for_outputs(a, todo, SUPERVISOR_RENEW_STALE, output_service_renew_stale);
    for_outputs(a, todo, SUPERVISOR_START_OUTPUTS, output_service_start);
    if (todo & SUPERVISOR_END_WELL)
        agent_end(a, NULL);
    if (todo & SUPERVISOR_END_FAILED_OUTPUTS)
        agent_end(a, outputs_failure(a));
    if (todo & SUPERVISOR_END_FAILED_IDENTITY)
        agent_end(a, identity_failure(a));
}

/*
 * Who asks over https:// sees the new identity. So does the cluster, at once: the old connection is on its
 * way out, and without a new one nothing would end when the cluster goes.
 */
static void follow_identity(struct agent *a)
{
    struct credentials *present = identity_service_present(a->identity);
    if (present == a->followed)
        return;
    a->followed = present;
    diagnostics_use(a->diagnostics, present);
    if (a->supervisor.watching && !a->stopping && !a->setup.config->oneshot)
        connection_service_look(a->connection);
}

static void changed(void *arg)
{
    struct agent *a = arg;
    if (!a->stopping) {
        struct supervisor_view v = view(a);
        follow(a, supervisor_look(&a->supervisor, &v));
    }
    bool needs_keys = !a->supervisor.started || !a->setup.config->oneshot;
    if (!a->stopping && needs_keys)
        agent_keys_fill(a);
    follow_identity(a);
    agent_reload_look(a);
    notify_service_look(a->notify);
    if (a->stopping && agent_is_quiet(a))
        loop_stop(a->loop);
}

static void heard(void *arg, enum err_code code)
{
    const struct agent *a = arg;
    connection_service_hear(a->connection, code);
}

static void in_touch(void *arg)
{
    const struct agent *a = arg;
    identity_service_in_touch(a->identity);
    notify_service_look(a->notify); /* a check that proves a recovery changes nothing else */
}

static void see(void *arg, struct notify_view *ret)
{
    const struct agent *a = arg;
    char error[RELOAD_SUMMARY_SIZE];
    struct notify_facts facts = {.health = diagnostics_health(a->diagnostics),
                                 .now = loop_now(a->loop),
                                 .cluster = cluster_text(a->cluster),
                                 .reload_error = reload_outcome_summary(&a->reload.last, error),
                                 .is_stopping = a->stopping,
                                 .awaits_reply = identity_service_stake(a->identity) != NULL};
    ret->health = health_overall(facts.health, facts.now);
    ret->next_change = health_next_change(facts.health, facts.now);
    ret->goes_on = identity_service_goes_on(a->identity);
    ret->is_done = a->setup.config->oneshot && a->supervisor.ended && !a->failure;
    ret->is_reloading = reload_is_under_way(&a->reload.state);
    ret->is_stopping = a->stopping;
    notify_status(&facts, ret->status);
}

static void gave_up(void *arg)
{
    struct agent *a = arg;
    const struct err *why = connection_service_error(a->connection);
    CLEANUP(freep) char *text = why ? err_text(why) : NULL;
    char limit[DUR_SIZE];
    struct err *e =
        err_new(ERR_UNAVAILABLE, "no contact with the cluster for %s: %s",
                dur_format(a->setup.config->give_up_after, limit), text ? text : "no answer");
    agent_end(
        a, err_set_hint(e, "'give_up_after' ends the process then; the files in place stay valid "
                           "until their certificates end."));
    changed(a);
}

/*
 * One bad destination does not keep the others from being served: it is told of, and tried again by
 * its output. It does end a first start for which no good one is left, before the token is used, and
 * it does so where the configuration is wrong: that heals by no retry.
 */
static struct err *prepare_outputs(struct agent *a)
{
    CLEANUP(err_freep) struct err *first = NULL;
    struct dur limit = dur_s(PREPARE_LIMIT_S);
    size_t n_failed = 0;
    for (size_t i = 0; i < a->n_outputs; i++) {
        struct err *e = output_service_prepare(a->outputs[i], limit);
        if (!e)
            continue;
        if (err_code(e) == ERR_TIMEOUT)
            limit = (struct dur){0}; /* the next would wait for the same */
        if (err_code(e) == ERR_CONFIG)
            return e;
        n_failed++;
        log_err(a->setup.log, LOG_WARN, COMPONENT, "an output cannot be written now", e);
        if (first)
            err_free(e);
        else
            first = e;
    }
    bool is_passing = err_class(err_code(first)) == ERR_CLASS_PASSING; /* nobody answered */
    bool is_hopeless = n_failed > 0 && n_failed == a->n_outputs && !is_passing;
    return is_hopeless && !identity_service_has_stored(a->identity) ? TAKE(first) : NULL;
}

static struct err *start(struct agent *a)
{
    loop_on_signal(a->loop, on_signal, a);
    loop_on_jump(a->loop, on_jump, a);
    TRY(diagnostics_listen(a->diagnostics));
    notify_service_look(a->notify);
    TRY(identity_service_load(a->identity));
    TRY(prepare_outputs(a));
    identity_service_start(a->identity);
    return NULL;
}

RESULT agent_run(const struct agent_setup *setup)
{
    CLEANUP(agent_parts_release)
    struct agent a = {.setup = *setup,
                      .changed = changed,
                      .heard = heard,
                      .in_touch = in_touch,
                      .gave_up = gave_up,
                      .control = {.renew = renew_by_request},
                      .see = see};
    supervisor_init(&a.supervisor, setup->config->oneshot);
    a.control.arg = &a;
    if (!setup->config->oneshot && setup->reload.read)
        a.control.reload = agent_reload_by_request;
    if (setup->config->diag.enable_shutdown)
        a.control.shut_down = agent_stop_by_request;
    a.stop_limit = (struct loop_timer){.fn = agent_on_stop_limit, .arg = &a};
    TRY(agent_parts_make(&a));
    TRY(start(&a));
    TRY(loop_run(a.loop));
    TRY(identity_service_settle(a.identity));
    if (!a.failure)
        log_info(setup->log, COMPONENT, "stopped");
    return TAKE(a.failure);
}
