/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity_advice.h"
#include "agent/identity_service_private.h"

#include <string.h>

#define COMPONENT IDENTITY_COMPONENT
#define ATTEMPTS 7

/* Time limits of one job: generous for what must not be asked twice, short for a look. */
#define RENEW_LIMIT_S 300
#define JOIN_LIMIT_S 60
#define ASK_LIMIT_S 30

/* A job that takes longer says that it is still at it. */
#define STILL_WAITING_S 5

static void step(struct identity_service *s, const struct renewer_event *ev);

static void on_timer(void *arg)
{
    step(arg, &(struct renewer_event){.kind = RENEWER_TIMER});
}

static void on_patience(void *arg)
{
    struct identity_service *s = arg;
    struct now now = loop_now(s->c.loop);
    log_info(s->c.log, COMPONENT, "still waiting for the cluster",
             LOG_STR("job", renewer_job_name(s->input.job)),
             LOG_STR("cluster", cluster_text(s->c.cluster)),
             LOG_DUR("since", mono_diff(now.mono, s->job.began)));
    err_ignore(loop_timer_set(s->c.loop, &s->patience, mono_add(now.mono, dur_s(STILL_WAITING_S))),
               "only this notice is lost");
}

static void run_job(void *arg);
static void on_done(void *arg);

RESULT identity_service_new(const struct identity_service_config *config,
                            struct identity_service **ret)
{
    struct identity_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->ttl = config->config->credential_ttl;
    s->interval = config->config->renewal_interval;
    s->rejoins = config_rejoins(&config->config->onboarding);
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    s->patience = (struct loop_timer){.fn = on_patience, .arg = s};
    s->job = (struct service_job){.loop = config->loop,
                                  .clock = config->clock,
                                  .pool = config->lane,
                                  .log = config->log,
                                  .name = COMPONENT,
                                  .run = run_job,
                                  .done = on_done,
                                  .arg = s};
    s->counted = (struct cycle_metrics){
        .metrics = config->metrics, .run = {.service = COMPONENT, .name = "bot-identity-renewal"}};
    s->env = (struct renewal_env){.store = config->store,
                                  .remote = cluster_remote(config->cluster),
                                  .keys = config->keys,
                                  .log = config->log};
    *ret = s;
    return NULL;
}

void identity_service_free(struct identity_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    loop_timer_clear(s->c.loop, &s->patience);
    service_job_release(&s->job);
    renewal_outcome_release(&s->outcome);
    credentials_free(s->creds);
    credential_facts_release(&s->facts);
    err_free(s->error);
    free(s);
}

static void run_job(void *arg)
{
    struct identity_service *s = arg;
    renewal_run(&s->env, &s->input, &s->outcome);
    cluster_remember(s->c.cluster); /* the reply is durable, or will not be now */
}

static struct dur job_limit(enum renewer_job job)
{
    return dur_s(job == RENEWER_JOB_JOIN ? JOIN_LIMIT_S : ASK_LIMIT_S);
}

/* The next keys will be of the kind of the present one, unless the cluster changes its mind. */
static void order_keys(struct identity_service *s)
{
    enum key_kind kind = key_get_kind(credentials_key(s->creds));
    for (int k = KEY_RSA_2048; k <= KEY_ED25519; k++)
        keypool_want(s->c.keys, (enum key_kind)k, k == (int)kind ? s->c.keys_ahead : 0);
}

/* From here on the new identity is the one we show. */
static void adopt(struct identity_service *s)
{
    if (!s->outcome.creds)
        return;
    credentials_free(s->creds);
    s->creds = TAKE(s->outcome.creds);
    identity_service_describe(s);
    if (s->outcome.event.job == RENEWER_JOB_JOIN)
        memcpy(s->joinedhash, s->tokenhash, sizeof(s->joinedhash));
    cluster_use(s->c.cluster, s->creds);
    if (!s->c.config->oneshot)
        order_keys(s);
}

static void on_done(void *arg)
{
    struct identity_service *s = arg;
    loop_timer_clear(s->c.loop, &s->patience);
    identity_service_say_success(s);
    identity_service_say_notes(s);
    adopt(s);
    struct renewer_event ev = s->outcome.event;
    if (ev.unpersisted)
        identity_service_report_unstored(s, s->outcome.err);
    err_free(s->error);
    s->error = ev.code == ERR_OK ? NULL : TAKE(s->outcome.err);
    renewal_outcome_release(&s->outcome);
    if (ev.job != RENEWER_JOB_PERSIST)
        s->c.heard(s->c.arg, ev.code);
    step(s, &ev);
}

static void begin_job(struct identity_service *s, enum renewer_job job)
{
    struct ctx now = {s->c.clock, s->c.stop, MONO_NEVER};
    struct ctx patient = {s->c.clock, s->rejoins ? s->c.stop : s->c.force, MONO_NEVER};
    s->ctx = ctx_until(&now, job_limit(job));
    s->patient_ctx = ctx_until(&patient, dur_s(RENEW_LIMIT_S));
    s->input =
        (struct renewal_input){.job = job,
                               .creds = s->creds,
                               .ttl = s->ttl,
                               .tokenhash = job == RENEWER_JOB_JOIN ? s->tokenhash : s->joinedhash,
                               .ctx = &s->ctx,
                               .patient_ctx = &s->patient_ctx};
    identity_service_count_job(s, job);
    service_job_start(&s->job, job == RENEWER_JOB_RENEW ? dur_s(RENEW_LIMIT_S) : job_limit(job));
    struct mono notice = mono_add(s->job.began, dur_s(STILL_WAITING_S));
    err_ignore(loop_timer_set(s->c.loop, &s->patience, notice), "only a notice is lost");
}

static void step(struct identity_service *s, const struct renewer_event *ev)
{
    bool has_failed = ev->kind == RENEWER_JOB_DONE && ev->code != ERR_OK;
    if (s->stopping) {
        if (has_failed && ev->written)
            identity_service_say_failure(s, ev);
        s->c.changed(s->c.arg);
        return;
    }
    enum renewer_state before = s->renewer.state;
    struct renewer_todo todo = renewer_step(&s->renewer, ev, loop_now(s->c.loop));
    if (has_failed)
        identity_service_say_failure(s, ev);
    identity_service_say_state(s, before);
    identity_service_report(s, ev, before, todo.wake);
    if (todo.job != RENEWER_JOB_NONE)
        begin_job(s, todo.job);
    struct err *e = loop_timer_set(s->c.loop, &s->timer, todo.wake);
    if (e)
        log_err(s->c.log, LOG_ERROR, COMPONENT, "the next renewal cannot be scheduled", e);
    err_free(e);
    s->c.changed(s->c.arg);
}

static struct renewer_config renewer_config(const struct identity_service *s)
{
    static const enum renewer_startup startups[] = {
        [CONFIG_STARTUP_AUTO] = RENEWER_STARTUP_AUTO,
        [CONFIG_STARTUP_WAIT] = RENEWER_STARTUP_WAIT,
        [CONFIG_STARTUP_EXIT] = RENEWER_STARTUP_EXIT,
    };
    const struct config *c = s->c.config;
    return (struct renewer_config){
        .interval = s->interval,
        .attempts = ATTEMPTS,
        .can_join = s->has_token,
        .rejoins = s->rejoins,
        .retry_open = c->on_open_renewal == CONFIG_OPEN_RENEWAL_RETRY,
        .startup = startups[c->startup],
        .startup_limit = c->startup_timeout,
        .give_up_after = c->give_up_after,
        .one_pass = c->oneshot,
        .one_pass_limit = c->oneshot_timeout,
        .entropy = s->c.entropy,
    };
}

void identity_service_start(struct identity_service *s)
{
    struct renewer_config rc = renewer_config(s);
    renewer_init(&s->renewer, &rc);
    if (s->creds) {
        cluster_use(s->c.cluster, s->creds);
        order_keys(s);
    }
    identity_service_say_start(s, &s->start);
    step(s, &s->start);
}

void identity_service_reload(struct identity_service *s, const struct config *config,
                             unsigned keys_ahead)
{
    s->ttl = config->credential_ttl;
    s->interval = s->renewer.config.interval = config->renewal_interval;
    s->c.keys_ahead = keys_ahead;
    if (s->creds)
        order_keys(s);
}

void identity_service_renew_now(struct identity_service *s)
{
    step(s, &(struct renewer_event){.kind = RENEWER_NOW});
}

void identity_service_contact(struct identity_service *s)
{
    step(s, &(struct renewer_event){.kind = RENEWER_CONTACT});
}

/* A second more or less is the inexactness of each measurement. */
static void tell_skew(struct identity_service *s)
{
    struct dur skew;
    if (!cluster_skew(s->c.cluster, &skew) || dur_to_s(skew) == dur_to_s(s->renewer.skew))
        return;
    step(s, &(struct renewer_event){.kind = RENEWER_SKEW, .skew = skew});
}

/* In trouble the renewer would take it for the end of an outage, and begin anew what it bounds. */
void identity_service_in_touch(struct identity_service *s)
{
    tell_skew(s);
    if (s->c.config->give_up_after.ns > 0 && s->renewer.state == RENEWER_FRESH)
        identity_service_contact(s);
}

void identity_service_wake(struct identity_service *s)
{
    step(s, &(struct renewer_event){.kind = RENEWER_TIMER});
}

void identity_service_stop(struct identity_service *s)
{
    s->stopping = true;
    loop_timer_clear(s->c.loop, &s->timer);
}

bool identity_service_is_busy(const struct identity_service *s)
{
    return s->job.is_busy;
}

const char *identity_service_stake(const struct identity_service *s)
{
    return s->job.is_busy && !s->rejoins ? identity_advice_cut_off(s->input.job) : NULL;
}

bool identity_service_goes_on(const struct identity_service *s)
{
    return renewer_goes_on(&s->renewer);
}

bool identity_service_is_serving(const struct identity_service *s)
{
    return renewer_is_serving(&s->renewer, loop_now(s->c.loop));
}

enum renewer_state identity_service_state(const struct identity_service *s)
{
    return s->renewer.state;
}

const struct err *identity_service_error(const struct identity_service *s)
{
    return s->error;
}

struct credentials *identity_service_present(const struct identity_service *s)
{
    return s->creds;
}
