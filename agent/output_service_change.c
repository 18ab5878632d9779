/* SPDX-License-Identifier: Apache-2.0 */
/* An output that comes or goes while the agent runs. */
#include "agent/output_service_private.h"

#include "agent/output_cache.h"

#include <string.h>

#define DISCARD_LIMIT_S 30

/* --- the end of one --- */

static void run_discard(void *arg)
{
    struct output_service *s = arg;
    s->error = output_cache_remove(&s->c.job.service->destination, output_service_name(s));
}

static void on_discarded(void *arg)
{
    struct output_service *s = arg;
    if (s->error)
        log_err(s->c.log, LOG_WARN, output_service_name(s),
                "the copy in the storage is not removed: the next start tries it again", s->error);
    else
        log_info(s->c.log, output_service_name(s), "the copy is removed from the storage");
    output_service_clear_outcome(s);
    s->c.changed(s->c.arg);
}

/* A worker is free of its last job, so none writes to what is removed. */
static void discard(struct output_service *s)
{
    s->discards = false;
    s->job.run = run_discard;
    s->job.done = on_discarded;
    service_job_start(&s->job, dur_s(DISCARD_LIMIT_S));
}

void output_service_retired_done(struct output_service *s)
{
    output_service_clear_outcome(s);
    if (s->discards)
        discard(s);
    s->c.changed(s->c.arg);
}

void output_service_retire(struct output_service *s, const struct config_service *successor)
{
    output_service_stop(s);
    s->retired = true;
    s->c.health = NULL;
    s->discards =
        s->c.job.service->destination.is_cached && !(successor && successor->destination.is_cached);
    job_cancel_fire(&s->cancel);
    if (s->discards && !s->job.is_busy)
        discard(s);
}

/* --- the beginning of another --- */

/* Two that are in memory alone are two, though they are called the same. */
static bool shares_place(const struct output_service *s, const struct output_service *with)
{
    const struct config_destination *a = &s->c.job.service->destination;
    const struct config_destination *b = &with->c.job.service->destination;
    if (a->type != b->type)
        return false;
    if (a->type == CONFIG_DESTINATION_MEMORY)
        return a->path && b->path && strcmp(a->path, b->path) == 0;
    return strcmp(destination_text(s->destination), destination_text(with->destination)) == 0;
}

bool output_service_has_to_wait(const struct output_service *s,
                                const struct output_service *retired)
{
    return retired->job.is_busy && (!retired->job.is_overdue || shares_place(s, retired));
}

void output_service_inherit(struct output_service *s, struct output_service *from)
{
    if (s->has_files || !from->has_files || !shares_place(s, from))
        return;
    s->has_files = true;
    s->files = from->files;
    s->facts = from->facts;
    s->said_expired = from->said_expired;
    from->has_files = false;
    from->facts = (struct credential_facts){0};
}

bool output_service_is_started(const struct output_service *s)
{
    return s->started;
}

struct health_service *output_service_health(const struct output_service *s)
{
    return s->c.health;
}

void output_service_show(const struct output_service *s)
{
    health_serves(s->c.health, s->has_files ? s->files.not_after : WALL_NONE);
}

const char *output_service_destination(const struct output_service *s)
{
    return destination_text(s->destination);
}

const struct config_service *output_service_configured(const struct output_service *s)
{
    return s->c.job.service;
}
