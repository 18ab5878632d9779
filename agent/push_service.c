/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_service.h"

#include "agent/push.h"
#include "agent/push_send.h"
#include "agent/service_job.h"
#include "diag/core/agent_metrics.h"
#include "diag/core/metrics_graphite.h"
#include "diag/core/metrics_json.h"

#include <limits.h>

#define COMPONENT "metrics"
#define LIMIT_S 10
#define LAST_LIMIT_S 5
#define TEXT_MAX ((size_t)4 * 1024 * 1024)

struct push_service {
    struct push_service_config c;
    struct push plan;
    struct loop_timer timer;
    char hostname[HOST_NAME_MAX + 1];
    bool is_stopped, is_last; /* after a stop nothing is begun but the last time */

    /* The push under way; a worker's until its `done`. */
    struct service_job job;
    struct ctx ctx;
    struct buf text;
    struct err *outcome;
};

static void plan(struct push_service *s)
{
    struct err *e = loop_timer_set(s->c.loop, &s->timer, s->plan.next);
    if (e)
        log_err(s->c.log, LOG_ERROR, COMPONENT, "metrics are not sent any more", e);
    err_free(e);
}

static void say(const struct push_service *s, enum push_news news, const struct err *e)
{
    char host[ADDRESS_TEXT_SIZE];
    const struct log_field where = LOG_STR("target", address_format(&s->c.target.address, host));
    if (news == PUSH_RETURNED)
        log_info(s->c.log, COMPONENT, "metrics are taken again", where);
    else if (e)
        log_err(s->c.log, news == PUSH_LOST ? LOG_WARN : LOG_DEBUG, COMPONENT,
                "metrics were not taken; trying on", e, where,
                LOG_DUR("next_attempt", mono_diff(s->plan.next, loop_now(s->c.loop).mono)));
}

static void ended(struct push_service *s, const struct err *e)
{
    agent_metrics_pushed(s->c.metrics, push_kind_name(s->c.target.kind), e == NULL);
    enum push_news news = push_ended(&s->plan, e == NULL, s->job.began, loop_now(s->c.loop).mono);
    say(s, news, e);
    plan(s);
}

static void run(void *arg)
{
    struct push_service *s = arg;
    s->outcome = push_send(&s->c.target, buf_bytes(&s->text), &s->ctx);
}

static void done(void *arg)
{
    struct push_service *s = arg;
    CLEANUP(err_freep) struct err *e = TAKE(s->outcome);
    buf_release(&s->text);
    if (!s->is_stopped)
        ended(s, e);
    else if (s->is_last)
        s->c.changed(s->c.arg);
}

static void overdue(void *arg)
{
    const struct push_service *s = arg;
    if (s->is_last)
        s->c.changed(s->c.arg);
}

static RESULT make_text(struct push_service *s)
{
    struct wall now = loop_now(s->c.loop).wall;
    const struct metrics_origin origin = {
        .prefix = s->c.prefix, .hostname = s->hostname, .time = now};
    s->text = BUF_INIT(TEXT_MAX);
    return s->c.target.kind == PUSH_GRAPHITE
               ? metrics_graphite_write(s->c.metrics, s->c.prefix, now, &s->text)
               : metrics_json_write(s->c.metrics, &origin, &s->text);
}

static RESULT begin(struct push_service *s, struct cancel *cancel, struct dur limit)
{
    const struct ctx now = {s->c.clock, cancel, MONO_NEVER};
    struct err *e = make_text(s);
    if (e) {
        buf_release(&s->text);
        return e;
    }
    s->ctx = ctx_until(&now, limit);
    service_job_start(&s->job, limit);
    return NULL;
}

static void on_timer(void *arg)
{
    struct push_service *s = arg;
    CLEANUP(err_freep) struct err *e = begin(s, s->c.stop, dur_s(LIMIT_S));
    if (!e)
        return;
    s->job.began = loop_now(s->c.loop).mono;
    ended(s, e);
}

RESULT push_service_new(const struct push_service_config *config, struct push_service **ret)
{
    struct push_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    s->job = (struct service_job){.loop = config->loop,
                                  .clock = config->clock,
                                  .pool = config->lane,
                                  .log = config->log,
                                  .name = COMPONENT,
                                  .run = run,
                                  .done = done,
                                  .overdue = overdue,
                                  .arg = s};
    if (gethostname(s->hostname, sizeof(s->hostname)) != 0)
        s->hostname[0] = '\0';
    push_init(&s->plan, config->interval, config->entropy, loop_now(config->loop).mono);
    agent_metrics_expect_pushes(config->metrics, push_kind_name(config->target.kind));
    plan(s);
    *ret = s;
    return NULL;
}

void push_service_stop(struct push_service *s)
{
    if (s->is_stopped)
        return;
    s->is_stopped = true;
    loop_timer_clear(s->c.loop, &s->timer);
    if (s->job.is_busy || s->plan.failures > 0)
        return;
    struct err *e = begin(s, s->c.force, dur_s(LAST_LIMIT_S));
    s->is_last = !e;
    err_ignore(e, "a stop is no time to complain of metrics");
}

bool push_service_is_busy(const struct push_service *s)
{
    return s->is_last && s->job.is_busy && !s->job.is_overdue;
}

void push_service_free(struct push_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    service_job_release(&s->job);
    buf_release(&s->text);
    err_free(s->outcome);
    free(s);
}
