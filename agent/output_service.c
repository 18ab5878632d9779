/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_service_private.h"

#define ATTEMPTS 5
#define LIMIT_S 60

static void look(struct output_service *s);

static void on_timer(void *arg)
{
    look(arg);
}

static void run_job(void *arg);
static void on_done(void *arg);

static void init_cycle(struct output_service *s)
{
    struct cycle_config config = {
        .interval = s->c.interval,
        .attempts = s->c.one_pass ? 1 : ATTEMPTS,
        .at_least_until = s->c.one_pass_ends,
        .entropy = s->c.entropy,
    };
    cycle_init(&s->cycle, &config, loop_now(s->c.loop).mono);
}

RESULT output_service_new(const struct output_service_config *config, struct output_service **ret)
{
    CLEANUP(output_service_freep) struct output_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->c.own = NULL;
    job_cancel_init(&s->cancel, config->stop);
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    s->job = (struct service_job){.loop = config->loop,
                                  .clock = config->clock,
                                  .pool = config->workers,
                                  .log = config->log,
                                  .name = output_service_name(s),
                                  .run = run_job,
                                  .done = on_done,
                                  .arg = s};
    init_cycle(s);
    s->counted = (struct cycle_metrics){
        .metrics = config->metrics,
        .run = {.service = output_service_name(s), .name = "output-renewal"}};
    TRY(destination_new(&config->job.service->destination, config->entropy, &s->destination));
    s->c.job.destination = s->destination;
    s->c.own = config->own;
    *ret = TAKE(s);
    return NULL;
}

void output_service_free(struct output_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    service_job_release(&s->job);
    destination_report_release(&s->prepared_report);
    credential_facts_release(&s->facts);
    output_job_result_release(&s->result);
    err_free(s->error);
    destination_free(s->destination);
    job_cancel_release(&s->cancel);
    config_service_free(s->c.own);
    free(s);
}

/* --- before anything is asked of the cluster --- */

/* On any thread: its report is said later. */
static struct err *prepare(struct output_service *s)
{
    TRY_CTX(destination_prepare(s->destination, &s->prepared_report), "output '%s'",
            output_service_name(s));
    s->prepared = true;
    return NULL;
}

/* From here on these are the files in place. */
static void adopt(struct output_service *s, struct output_job_result *r)
{
    s->has_files = true;
    s->files = r->validity;
    credential_facts_release(&s->facts);
    s->facts = r->facts;
    r->facts = (struct credential_facts){0};
}

/* What an earlier run left serves until this one writes something newer. */
static struct err *load(struct output_service *s)
{
    CLEANUP(output_job_result_release) struct output_job_result found = {0};
    struct err *e = output_job_load(&s->c.job, &found);
    output_service_say_report(s, &found.report);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "nothing was left; what is damaged is in the report");
        return NULL;
    }
    TRY(e);
    adopt(s, &found);
    s->said_expired = !output_service_serves(s);
    health_serves(s->c.health, s->files.not_after);
    output_service_say_found(s, found.cluster);
    return NULL;
}

static struct err *prepare_and_load(struct output_service *s)
{
    TRY(prepare(s));
    output_service_say_report(s, &s->prepared_report);
    return load(s);
}

RESULT output_service_prepare(struct output_service *s, struct dur limit)
{
    const struct ctx endless = {s->c.clock, s->c.stop, MONO_NEVER};
    const struct ctx brief = ctx_until(&endless, limit);
    destination_use(s->destination, &brief);
    struct err *e = prepare_and_load(s);
    destination_use(s->destination, NULL);
    return e;
}

/* --- the work --- */

static struct err *work(struct output_service *s)
{
    if (!s->prepared)
        TRY(prepare(s));
    return output_job_run(&s->c.job, &s->ctx, &s->result);
}

static void run_job(void *arg)
{
    struct output_service *s = arg;
    struct ctx now = {s->c.clock, job_cancel_begin(&s->cancel), MONO_NEVER};
    s->ctx = ctx_until(&now, dur_s(LIMIT_S)); /* not before: many outputs wait for few workers */
    destination_use(s->destination, &s->ctx);
    struct err *retired = ctx_check(&s->ctx);
    s->error = retired ? retired : work(s);
    job_cancel_end(&s->cancel);
}

void output_service_clear_outcome(struct output_service *s)
{
    output_job_result_release(&s->result);
    err_free(TAKE(s->error));
}

static void on_done(void *arg)
{
    struct output_service *s = arg;
    struct now now = loop_now(s->c.loop);
    enum err_code code = err_code(s->error);
    unsigned changed = s->result.report.changed;
    if (s->retired) {
        output_service_retired_done(s);
        return;
    }
    if (code == ERR_OK) {
        adopt(s, &s->result);
        s->said_expired = false;
    }
    cycle_done(&s->cycle, code, s->result.validity, now.mono, now.wall);
    if (code == ERR_OK || s->cycle.stale)
        cycle_metrics_ended(&s->counted, code, now.mono);
    if (!s->stopping || !s->error)
        output_service_say_outcome(s);
    if (code == ERR_OK)
        hooks_run(s->c.hooks, output_service_name(s), changed);
    output_service_clear_outcome(s);
    s->c.heard(s->c.arg, code);
    look(s);
    s->c.changed(s->c.arg);
}

static void begin_job(struct output_service *s)
{
    struct mono now = loop_now(s->c.loop).mono;
    cycle_started(&s->cycle, now);
    cycle_metrics_attempt(&s->counted, now);
    service_job_start(&s->job, dur_s(LIMIT_S));
}

static struct mono next_look(const struct output_service *s, struct now now)
{
    struct mono wake = cycle_wake(&s->cycle, now.mono, now.wall);
    if (!s->has_files || s->said_expired)
        return wake;
    return mono_min(wake, mono_add(now.mono, wall_diff(s->files.not_after, now.wall)));
}

/* Starts what is due, or sets the timer for when something will be. */
static void look(struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    if (!s->started || s->stopping || s->job.is_busy)
        return;
    if (cycle_due(&s->cycle, now.mono, now.wall)) {
        begin_job(s);
        return;
    }
    if (cycle_lapse(&s->cycle, now.mono, now.wall))
        output_service_say_lapse(s);
    if (s->has_files && !s->said_expired && !output_service_serves(s))
        output_service_say_expired(s);
    output_service_report_plan(s, now);
    struct err *e = loop_timer_set(s->c.loop, &s->timer, next_look(s, now));
    if (e)
        log_err(s->c.log, LOG_ERROR, output_service_name(s), "the next renewal is not scheduled",
                e);
    err_free(e);
}

/* --- what others ask for --- */

void output_service_start(struct output_service *s)
{
    s->started = true;
    look(s);
}

void output_service_hold(struct output_service *s)
{
    cycle_hold(&s->cycle);
    look(s);
}

void output_service_release(struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    cycle_release(&s->cycle, now.mono, now.wall);
    look(s);
}

void output_service_renew_now(struct output_service *s)
{
    cycle_now(&s->cycle, loop_now(s->c.loop).mono);
    look(s);
}

void output_service_renew_stale(struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    cycle_soon(&s->cycle, now.mono, now.wall);
    look(s);
}

void output_service_wake(struct output_service *s)
{
    look(s);
}

void output_service_stop(struct output_service *s)
{
    s->stopping = true;
    loop_timer_clear(s->c.loop, &s->timer);
}

bool output_service_is_busy(const struct output_service *s)
{
    return s->job.is_busy;
}

bool output_service_has_run(const struct output_service *s)
{
    return s->cycle.has_ended;
}

bool output_service_is_ok(const struct output_service *s)
{
    return s->cycle.has_ended && s->cycle.last_code == ERR_OK;
}

struct credential_view output_service_credentials(const struct output_service *s)
{
    bool is_planned = s->started && !s->stopping && !s->cycle.running && !s->cycle.held;
    struct now now = loop_now(s->c.loop);
    return (struct credential_view){.service = output_service_name(s),
                                    .facts = s->has_files ? &s->facts : NULL,
                                    .dir = destination_dir(s->destination),
                                    .renew_at = is_planned ? schedule_calendar(&s->cycle.next, now)
                                                           : WALL_NONE,
                                    .is_stale = s->has_files && s->cycle.stale,
                                    .is_busy = s->job.is_busy};
}

const char *output_service_name(const struct output_service *s)
{
    return s->c.job.service->name;
}
