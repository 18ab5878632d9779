/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the identity in the log. */
#include "agent/identity_advice.h"
#include "agent/identity_service_private.h"

#define COMPONENT IDENTITY_COMPONENT

void identity_service_say_success(const struct identity_service *s)
{
    const struct renewal_outcome *o = &s->outcome;
    if (!o->creds)
        return;
    const struct subject *who = credentials_subject(o->creds);
    log_info(s->c.log, COMPONENT,
             o->event.job == RENEWER_JOB_JOIN ? "joined the cluster" : "identity renewed",
             LOG_STR("cluster", who->cluster), LOG_STR("bot", who->bot_name),
             LOG_INT("generation", who->generation),
             LOG_WALL("valid_until", credentials_not_after(o->creds)));
    if (o->err)
        log_err(s->c.log, LOG_ERROR, COMPONENT, "the new identity is in memory only", o->err);
}

/* After the renewer has decided: what happens next is part of the message. */
void identity_service_say_failure(const struct identity_service *s, const struct renewer_event *ev)
{
    const struct renewer *r = &s->renewer;
    enum log_level level = ev->written ? LOG_ERROR : LOG_WARN;
    const char *message = identity_advice_failed(ev->job);
    struct dur next = mono_diff(r->next_at, loop_now(s->c.loop).mono);
    if (r->next == RENEWER_JOB_NONE)
        log_err(s->c.log, level, COMPONENT, message, s->error);
    else
        log_err(s->c.log, level, COMPONENT, message, s->error, LOG_DUR("next_attempt", next));
}

/* The state that says something: not the bare fact of having failed. */
static enum renewer_state telling(const struct identity_service *s)
{
    return s->renewer.state == RENEWER_FAILED ? s->renewer.failed_in : s->renewer.state;
}

const char *identity_service_advice(const struct identity_service *s)
{
    const struct renewer *r = &s->renewer;
    if (r->state == RENEWER_FAILED)
        return identity_advice_end(r->failure, r->failed_in);
    return s->rejoins ? identity_advice_rejoin(r->state) : identity_advice_state(r->state);
}

void identity_service_say_state(struct identity_service *s, enum renewer_state before)
{
    const char *advice = identity_service_advice(s);
    if (s->renewer.state == before || !identity_advice_is_news(&s->told, s->renewer.state))
        return;
    if (advice)
        log_warn(s->c.log, COMPONENT, advice, LOG_STR("state", renewer_state_name(telling(s))));
}

void identity_service_say_start(struct identity_service *s, const struct renewer_event *ev)
{
    if (!ev->has_identity) {
        log_info(s->c.log, COMPONENT, "no stored identity: joining",
                 LOG_STR("storage", store_name(s->c.store)),
                 LOG_STR("cluster", cluster_text(s->c.cluster)));
        return;
    }
    log_info(
        s->c.log, COMPONENT,
        ev->token_changed ? "the token is a new one: joining, and the stored identity serves on"
                          : "stored identity loaded",
        LOG_STR("storage", store_name(s->c.store)), LOG_INT("generation", ev->identity.generation),
        LOG_WALL("valid_until", ev->identity.validity.not_after));
}
