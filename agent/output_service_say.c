/* SPDX-License-Identifier: Apache-2.0 */
/* What an output says of itself: in the log, and as diagnostics show it. */
#include "agent/output_service_private.h"

#define OPERATION "renew"

void output_service_say_report(struct output_service *s, struct destination_report *report)
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

bool output_service_serves(const struct output_service *s)
{
    return s->has_files && wall_before(loop_now(s->c.loop).wall, s->files.not_after);
}

/* Until when the files in place serve. */
static struct log_field in_place(const struct output_service *s)
{
    return output_service_serves(s) ? LOG_WALL("valid_until", s->files.not_after)
                                    : LOG_STR("in_place", "nothing valid");
}

static struct log_field next_attempt(const struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    struct mono wake = cycle_wake(&s->cycle, now.mono, now.wall);
    if (s->c.one_pass && s->cycle.has_ended)
        return LOG_STR("next_attempt", NULL);
    if (wake.ns == MONO_NEVER.ns)
        return LOG_STR("next_attempt", "when the cluster is back");
    return LOG_DUR("next_attempt", mono_diff(wake, now.mono));
}

static void say_failure(const struct output_service *s)
{
    log_err(s->c.log, s->cycle.stale ? LOG_ERROR : LOG_WARN, output_service_name(s),
            "output not renewed", s->error,
            LOG_STR("destination", destination_text(s->destination)), in_place(s), next_attempt(s));
}

static void say_success(struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    struct dur next = mono_diff(cycle_wake(&s->cycle, now.mono, now.wall), now.mono);
    unsigned changed = s->result.report.changed;
    output_service_say_report(s, &s->result.report);
    log_info(s->c.log, output_service_name(s), "output renewed",
             LOG_STR("destination", destination_text(s->destination)),
             LOG_STR("cluster", s->result.cluster), LOG_INT("files", changed),
             LOG_WALL("valid_until", s->files.not_after), LOG_DUR("next", next));
}

static void report_attempt(const struct output_service *s)
{
    struct now now = loop_now(s->c.loop);
    if (s->error)
        health_failed(s->c.health, OPERATION, s->error, now);
    else
        health_succeeded(s->c.health, OPERATION, now);
    health_serves(s->c.health, s->has_files ? s->files.not_after : WALL_NONE);
}

void output_service_say_outcome(struct output_service *s)
{
    output_service_say_report(s, &s->prepared_report);
    if (s->error)
        say_failure(s);
    else
        say_success(s);
    report_attempt(s);
}

void output_service_say_found(const struct output_service *s, const char *cluster)
{
    log_info(s->c.log, output_service_name(s),
             output_service_serves(s) ? "serving the files of the last run"
                                      : "the files of the last run have expired",
             LOG_STR("destination", destination_text(s->destination)), LOG_STR("cluster", cluster),
             LOG_WALL("valid_until", s->files.not_after));
}

void output_service_say_lapse(const struct output_service *s)
{
    struct err *why = err_new(ERR_UNAVAILABLE, "not renewed: the cluster is away");
    health_failed(s->c.health, OPERATION, why, loop_now(s->c.loop));
    err_free(why);
    log_warn(s->c.log, output_service_name(s), "output not renewed: the cluster is away",
             LOG_STR("destination", destination_text(s->destination)), in_place(s),
             next_attempt(s));
}

void output_service_say_expired(struct output_service *s)
{
    s->said_expired = true;
    log_err(s->c.log, LOG_ERROR, output_service_name(s), "the files in place have expired", NULL,
            LOG_STR("destination", destination_text(s->destination)),
            LOG_WALL("valid_until", s->files.not_after), next_attempt(s));
}

void output_service_report_plan(const struct output_service *s, struct now now)
{
    health_plan(s->c.health, wall_at(now, cycle_wake(&s->cycle, now.mono, now.wall)));
}
