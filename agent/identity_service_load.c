/* SPDX-License-Identifier: Apache-2.0 */
/* What of the identity is stored: at the start, and at the end. */
#include "agent/identity_service_private.h"

#include <string.h>

#define COMPONENT IDENTITY_COMPONENT

void identity_service_say_notes(struct identity_service *s)
{
    CLEANUP(strlist_release) struct strlist notes = {0};
    store_take_notes(s->c.store, &notes);
    for (size_t i = 0; i < notes.len; i++)
        log_warn(s->c.log, COMPONENT, notes.items[i]);
}

/* The configured token's hash tells whether the stored identity came from it. */
static struct err *hash_token(struct identity_service *s)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    TRY(config_token(&s->c.config->onboarding, &token));
    TRY(sha256_hex(secret_bytes(token), s->tokenhash));
    s->has_token = true; /* not before: without its hash every token looks like a new one */
    return NULL;
}

static struct err *load_stored(struct identity_service *s, struct renewer_event *ev)
{
    struct err *e = store_load(s->c.store, &s->creds, s->joinedhash);
    identity_service_say_notes(s);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "a first start");
        return NULL;
    }
    TRY_CTX(e, "loading the stored identity");
    const struct store_renewal *open = store_open_renewal(s->c.store);
    identity_service_describe(s);
    ev->has_identity = true;
    ev->identity = renewal_describe(s->creds);
    ev->open = open && open->generation > 0;
    ev->token_changed = s->has_token && strcmp(s->joinedhash, s->tokenhash) != 0;
    ev->proven = ev->proven || !ev->token_changed;
    return NULL;
}

/* A token file may vanish or be closed to us after the first join: the stored identity does without. */
static struct err *judge_token(struct identity_service *s, struct err *e)
{
    if (!s->start.has_identity)
        return err_wrap_as(ERR_CONFIG, e, "no stored identity in '%s', and joining needs a token",
                           store_name(s->c.store));
    if (err_code(e) != ERR_NOT_FOUND && s->c.config->onboarding.token_path)
        log_err(s->c.log, LOG_WARN, COMPONENT, "the stored identity does without the token", e);
    err_free(e);
    return NULL;
}

RESULT identity_service_load(struct identity_service *s)
{
    s->start = (struct renewer_event){.kind = RENEWER_START,
                                      .proven = cluster_settings_proven(s->c.cluster)};
    struct err *no_token = hash_token(s);
    struct err *e = load_stored(s, &s->start);
    if (e) {
        err_ignore(no_token, "a stored identity that cannot be read comes first");
        return e;
    }
    return no_token ? judge_token(s, no_token) : NULL;
}

RESULT identity_service_settle(struct identity_service *s)
{
    if (!s->renewer.unpersisted || s->job.is_busy)
        return NULL;
    struct err *e = store_commit(s->c.store, s->creds, s->joinedhash);
    if (!e)
        return NULL;
    e = err_wrap(e, "the renewed identity is lost: storing it in '%s'", store_name(s->c.store));
    return err_set_hint(e, "The cluster has counted the renewal and the stored identity is of no "
                           "use any more: make room on the disk, and give the bot a new token.");
}

bool identity_service_has_stored(const struct identity_service *s)
{
    return s->start.has_identity;
}
