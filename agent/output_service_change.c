/* SPDX-License-Identifier: Apache-2.0 */
/* An output that comes or goes while the agent runs. */
#include "agent/output_service_private.h"

#include <string.h>

void output_service_retire(struct output_service *s)
{
    output_service_stop(s);
    s->retired = true;
    s->c.health = NULL;
    job_cancel_fire(&s->cancel);
}

bool output_service_shares_place(const struct output_service *s, const struct output_service *with)
{
    const struct config_destination *a = &s->c.job.service->destination;
    const struct config_destination *b = &with->c.job.service->destination;
    return a->type == b->type && a->path && b->path && strcmp(a->path, b->path) == 0;
}

void output_service_inherit(struct output_service *s, struct output_service *from)
{
    if (s->has_files || !from->has_files || !output_service_shares_place(s, from))
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

bool output_service_is_overdue(const struct output_service *s)
{
    return s->job.is_overdue;
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
