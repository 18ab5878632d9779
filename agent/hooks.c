/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hooks_private.h"

#include "agent/hook_message.h"
#include "diag/core/agent_metrics.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* --- one run --- */

static void tell_changed(const struct hooks *h)
{
    h->use.changed(h->use.arg);
}

static void plan(struct hook *k)
{
    struct err *e = loop_timer_set(k->all->use.loop, &k->timer, hook_plan_wake(&k->plan));
    if (e)
        log_err(k->all->log, LOG_ERROR, k->entry->service, "the hook's next run is not scheduled",
                e);
    err_free(e);
}

static void say_failure(const struct hook *k, struct now now)
{
    struct mono wake = hook_plan_wake(&k->plan);
    bool is_last = wake.ns == MONO_NEVER.ns;
    log_err(k->all->log, is_last ? LOG_ERROR : LOG_WARN, k->entry->service,
            "the hook failed; the files are in place", k->error,
            LOG_STR("hook", hook_table_target(k->entry)), LOG_INT("attempt", k->plan.failures),
            is_last ? LOG_STR("next_attempt", "when the files change")
                    : LOG_DUR("next_attempt", mono_diff(wake, now.mono)));
}

static void say_end(const struct hook *k, struct now now)
{
    if (err_code(k->error) == ERR_CANCELLED)
        log_err(k->all->log, LOG_WARN, k->entry->service, "the hook was cut off", k->error);
    else if (k->error)
        say_failure(k, now);
    else
        log_info(k->all->log, k->entry->service, "the hook has run",
                 LOG_STR("hook", hook_table_target(k->entry)),
                 LOG_DUR("took", mono_diff(now.mono, k->began.mono)));
}

static void set_error(struct hook *k, struct err *e)
{
    err_free(k->error);
    free(k->error_text);
    k->error = e;
    k->error_text = e ? err_text(e) : NULL;
}

/* Takes `e`. A helper that is gone does not come back. */
static void ended(struct hook *k, struct err *e)
{
    struct hooks *h = k->all;
    struct now now = loop_now(h->use.loop);
    set_error(k, e);
    k->last_run = k->began.wall;
    k->failures = e ? k->failures + 1 : 0;
    if (!e)
        k->last_success = now.wall;
    if (!k->is_away)
        agent_metrics_hook_ran(h->use.metrics, k->entry->service, err_code(e));
    hook_plan_ended(&k->plan, !e, h->fd >= 0, now.mono, h->use.entropy);
    if (h->is_stopping || k->is_away)
        hook_plan_stop(&k->plan);
    say_end(k, now);
    plan(k);
}

static RESULT ask(const struct hook *k)
{
    const struct hooks *h = k->all;
    struct hook_ask message = {.index = (uint32_t)(k - h->items)};
    if (h->fd < 0)
        return err_set_hint(err_new(ERR_UNAVAILABLE, "the process that runs hooks is gone"),
                            HOOKS_REMEDY);
    if (send(h->fd, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "ask for the hook to be run");
    return NULL;
}

void hooks_on_timer(void *arg)
{
    struct hook *k = arg;
    k->began = loop_now(k->all->use.loop);
    hook_plan_started(&k->plan);
    struct err *e = ask(k);
    if (e)
        ended(k, e);
    tell_changed(k->all);
}

/* --- what the helper says --- */

static struct err *error_of(const struct hook_tell *m)
{
    if (m->code == ERR_OK)
        return NULL;
    struct err *e =
        err_new(m->code < ERR_CODE_COUNT ? (enum err_code)m->code : ERR_BUG, "%s", m->text);
    return *m->hint ? err_set_hint(e, "%s", m->hint) : e;
}

static void hear(struct hooks *h, struct hook_tell *m)
{
    if (m->index >= h->table.len)
        return;
    struct hook *k = &h->items[m->index];
    m->text[sizeof(m->text) - 1] = m->hint[sizeof(m->hint) - 1] = '\0';
    if (m->told == HOOK_SAYS)
        log_info(h->log, k->entry->service, "the hook says", LOG_STR("output", m->text));
    else if (m->told == HOOK_ENDED && k->plan.is_running)
        ended(k, error_of(m));
}

static void helper_ended(struct hooks *h)
{
    struct err *why = hooks_reap_helper(h);
    if (!h->is_stopping)
        log_err(h->log, LOG_ERROR, HOOKS_COMPONENT, "hooks are not run any more", why,
                LOG_STR("hint", HOOKS_REMEDY));
    for (size_t i = 0; i < h->table.len; i++)
        if (h->items[i].plan.is_running)
            ended(&h->items[i], err_new(ERR_UNAVAILABLE, "the process that runs hooks has ended"));
    err_free(why);
}

/* Few at a time: a command that says much must not keep the loop from its other work. */
#define MESSAGES_A_TURN 32

void hooks_on_news(void *arg, uint32_t events)
{
    struct hooks *h = arg;
    struct hook_tell m;
    (void)events;
    for (int n = 0; n < MESSAGES_A_TURN && h->fd >= 0; n++) {
        ssize_t len = recv(h->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
        if (len == (ssize_t)sizeof(m))
            hear(h, &m);
        else if (len < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        else if (len <= 0)
            helper_ended(h);
    }
    tell_changed(h);
}

/* --- what others ask for --- */

void hooks_run(struct hooks *h, const char *service, unsigned changed)
{
    if (!h || h->is_stopping || changed == 0)
        return;
    for (size_t i = 0; i < h->table.len; i++) {
        struct hook *k = &h->items[i];
        if (k->is_away || strcmp(k->entry->service, service) != 0)
            continue;
        hook_plan_want(&k->plan, loop_now(h->use.loop).mono);
        plan(k);
    }
}

bool hooks_is_busy(const struct hooks *h)
{
    if (!h)
        return false;
    if (h->is_stopping)
        return h->fd >= 0;
    for (size_t i = 0; i < h->table.len; i++)
        if (hook_plan_is_busy(&h->items[i].plan))
            return true;
    return false;
}

static void give_up(struct hook *k)
{
    if (!k->plan.is_running && hook_plan_is_busy(&k->plan))
        log_warn(k->all->log, k->entry->service, "the hook is not run any more: tbot stops",
                 LOG_STR("hook", hook_table_target(k->entry)));
    hook_plan_stop(&k->plan);
    if (k->all->use.loop)
        loop_timer_clear(k->all->use.loop, &k->timer);
}

void hooks_stop(struct hooks *h)
{
    if (!h || h->is_stopping)
        return;
    h->is_stopping = true;
    for (size_t i = 0; i < h->table.len; i++)
        give_up(&h->items[i]);
    if (h->fd >= 0)
        shutdown(h->fd, SHUT_WR);
}
