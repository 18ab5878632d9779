/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_service.h"

#define ATTEMPTS 5
#define LIMIT_S 60

struct output_service {
    struct output_service_config c;
    struct destination *destination;
    struct cycle cycle;
    struct loop_timer timer;
    bool prepared, started, stopping, has_run, said_in_place;

    /* The job under way; a worker's until its `done`. */
    struct pool_job job;
    bool busy;
    struct ctx ctx;
    struct destination_report prepared_report;
    struct output_job_result result;
    struct err *error;
};

static void look(struct output_service *s);

static void on_timer(void *arg)
{
    look(arg);
}

RESULT output_service_new(const struct output_service_config *config, struct output_service **ret)
{
    CLEANUP(output_service_freep) struct output_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    TRY(destination_new(&config->job.service->destination, config->entropy, &s->destination));
    s->c.job.destination = s->destination;
    *ret = TAKE(s);
    return NULL;
}

void output_service_free(struct output_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    destination_report_release(&s->prepared_report);
    output_job_result_release(&s->result);
    err_free(s->error);
    destination_free(s->destination);
    free(s);
}

/* Says what is in `report` and empties it. */
static void say_report(struct output_service *s, struct destination_report *report)
{
    for (size_t i = 0; i < report->warnings.len; i++)
        log_warn(s->c.log, output_service_name(s), report->warnings.items[i]);
    if (report->in_place && !s->said_in_place)
        log_warn(s->c.log, output_service_name(s),
                 "files are overwritten in place: a reader may meet half a file",
                 LOG_STR("destination", destination_text(s->destination)), LOG_STR("atomic", "no"));
    s->said_in_place |= report->in_place;
    destination_report_release(report);
}

/* On any thread: its report is said later. */
static struct err *prepare(struct output_service *s)
{
    TRY_CTX(destination_prepare(s->destination, &s->prepared_report), "output '%s'",
            output_service_name(s));
    s->prepared = true;
    return NULL;
}

RESULT output_service_prepare(struct output_service *s)
{
    TRY(prepare(s));
    say_report(s, &s->prepared_report);
    return NULL;
}

static struct err *work(struct output_service *s)
{
    if (!s->prepared)
        TRY(prepare(s));
    return output_job_run(&s->c.job, &s->ctx, &s->result);
}

static void run_job(void *arg)
{
    struct output_service *s = arg;
    s->error = work(s);
}

static void say_outcome(struct output_service *s)
{
    const char *name = output_service_name(s);
    struct now now = loop_now(s->c.loop);
    say_report(s, &s->prepared_report);
    struct dur next = mono_diff(cycle_wake(&s->cycle, now.mono, now.wall), now.mono);
    if (s->error) {
        log_err(s->c.log, s->cycle.stale ? LOG_ERROR : LOG_WARN, name, "output not renewed",
                s->error, LOG_STR("destination", destination_text(s->destination)),
                LOG_DUR("next_attempt", next));
        return;
    }
    unsigned changed = s->result.report.changed;
    say_report(s, &s->result.report);
    log_info(s->c.log, name, "output renewed",
             LOG_STR("destination", destination_text(s->destination)),
             LOG_STR("cluster", s->result.cluster), LOG_INT("files", changed),
             LOG_WALL("valid_until", s->result.validity.not_after), LOG_DUR("next", next));
}

static void on_done(void *arg)
{
    struct output_service *s = arg;
    struct now now = loop_now(s->c.loop);
    s->busy = false;
    s->has_run = true;
    cycle_done(&s->cycle, err_code(s->error), s->result.validity, now.mono, now.wall);
    if (!s->stopping || !s->error)
        say_outcome(s);
    output_job_result_release(&s->result);
    err_free(s->error);
    s->error = NULL;
    look(s);
    s->c.changed(s->c.arg);
}

static void begin_job(struct output_service *s)
{
    struct ctx now = {s->c.clock, s->c.stop, MONO_NEVER};
    s->ctx = ctx_until(&now, dur_s(LIMIT_S));
    s->busy = true;
    cycle_started(&s->cycle);
    s->job = (struct pool_job){.run = run_job, .done = on_done, .arg = s};
    pool_submit(s->c.workers, &s->job);
}

/* Starts what is due, or sets the timer for when it will be. */
static void look(struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    if (!s->started || s->stopping || s->busy)
        return;
    if (cycle_due(&s->cycle, now.mono, now.wall)) {
        begin_job(s);
        return;
    }
    struct err *e = loop_timer_set(s->c.loop, &s->timer, cycle_wake(&s->cycle, now.mono, now.wall));
    if (e)
        log_err(s->c.log, LOG_ERROR, output_service_name(s), "the next renewal is not scheduled",
                e);
    err_free(e);
}

void output_service_start(struct output_service *s)
{
    if (s->started)
        return;
    struct cycle_config config = {
        .interval = config_service_interval(s->c.job.config, s->c.job.service),
        .attempts = s->c.job.config->oneshot ? 1 : ATTEMPTS,
        .entropy = s->c.entropy,
    };
    cycle_init(&s->cycle, &config, loop_now(s->c.loop).mono);
    s->started = true;
    look(s);
}

void output_service_renew_now(struct output_service *s)
{
    if (s->started)
        cycle_now(&s->cycle, loop_now(s->c.loop).mono);
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
    return s->busy;
}

bool output_service_has_run(const struct output_service *s)
{
    return s->has_run;
}

bool output_service_is_ok(const struct output_service *s)
{
    return s->has_run && s->cycle.last_code == ERR_OK;
}

bool output_service_is_stale(const struct output_service *s)
{
    return s->started && s->cycle.stale;
}

const char *output_service_name(const struct output_service *s)
{
    return s->c.job.service->name;
}
