/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_stop.h"

#include <signal.h>

#define COMPONENT "agent"

static void begin_stop(struct agent *a)
{
    if (a->stopping)
        return;
    a->stopping = true;
    agent_reload_stop(a);
    diagnostics_stop(a->diagnostics);
    pushes_stop(a->pushes);
    connection_service_stop(a->connection);
    identity_service_stop(a->identity);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_stop(a->outputs[i]);
    hooks_stop(a->setup.hooks);
    cancel_fire(a->stop);
    notify_service_look(a->notify);
}

bool agent_is_quiet(const struct agent *a)
{
    if (identity_service_is_busy(a->identity) || connection_service_is_busy(a->connection) ||
        a->n_filling > 0 || agent_reload_is_busy(a) || pushes_is_busy(a->pushes) ||
        hooks_is_busy(a->setup.hooks))
        return false;
    for (size_t i = 0; i < a->n_outputs; i++)
        if (output_service_is_busy(a->outputs[i]))
            return false;
    return true;
}

void agent_end(struct agent *a, struct err *e)
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

void agent_on_stop_limit(void *arg)
{
    struct agent *a = arg;
    log_warn(a->setup.log, COMPONENT, "stopping without what still runs, it takes too long",
             LOG_STR("hint", identity_service_stake(a->identity)));
    stop_now(a);
}

/*
 * Ends what can be ended, and waits for what cannot: the reply of a join or a renewal, without which a new
 * token would be needed. What is cancelled has ended long before the limit, unless it hangs.
 */
static void stop_gently(struct agent *a, struct dur at_most)
{
    begin_stop(a);
    if (!identity_service_stake(a->identity))
        cancel_fire(a->force);
    else
        log_info(a->setup.log, COMPONENT,
                 "waiting for the reply that the bot's identity depends on",
                 LOG_DUR("at_most", at_most));
    struct mono limit = mono_add(loop_now(a->loop).mono, at_most);
    struct err *e = loop_timer_set(a->loop, &a->stop_limit, limit);
    if (e)
        stop_now(a);
    err_ignore(e, "not waiting is the safe side");
}

static struct err *hurried(const struct agent *a, const char *signal)
{
    struct err *e = err_new(ERR_CANCELLED, "stopped without waiting, as a second %s asks", signal);
    const char *stake = identity_service_stake(a->identity);
    return stake ? err_set_hint(e, "%s", stake) : e;
}

void agent_stop_by_signal(struct agent *a, int signo)
{
    const char *name = signo == SIGTERM ? "SIGTERM" : "SIGINT";
    if (!a->stopping) {
        log_info(a->setup.log, COMPONENT, "stopping", LOG_STR("signal", name));
        stop_gently(a, dur_s(CONFIG_DEFAULT_SHUTDOWN_S));
        return;
    }
    agent_end(a, hurried(a, name));
    stop_now(a);
}

void agent_stop_by_request(void *arg)
{
    struct agent *a = arg;
    if (a->stopping)
        return;
    log_info(a->setup.log, COMPONENT, "stopping", LOG_STR("asked_by", AGENT_REQUEST));
    stop_gently(a, a->setup.config->diag.shutdown_timeout);
    if (agent_is_quiet(a))
        loop_stop(a->loop);
}
