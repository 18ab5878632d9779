/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewal.h"

#define COMPONENT "identity"

void renewal_outcome_release(struct renewal_outcome *o)
{
    credentials_free(o->creds);
    err_free(o->err);
    *o = (struct renewal_outcome){0};
}

struct renewer_identity renewal_describe(const struct credentials *c)
{
    const struct subject *s = credentials_subject(c);
    return (struct renewer_identity){
        .validity = {credentials_not_before(c), credentials_not_after(c)},
        .generation = s->generation,
        .per_instance = s->bot_instance != NULL,
        .is_final = !s->renewable,
    };
}

/* The new identity counts from here on, stored or not. */
static void adopt(const struct renewal_env *env, const struct renewal_input *in,
                  struct credentials *creds, struct renewal_outcome *ret)
{
    ret->event.identity = renewal_describe(creds);
    ret->creds = creds;
    ret->err = store_commit(env->store, creds, in->tokenhash);
    ret->event.unpersisted = ret->err != NULL;
    if (ret->err)
        ret->err = err_set_hint(
            err_wrap(ret->err, "storing the new identity in '%s'", store_name(env->store)),
            "The new identity is kept in memory and stored as soon as that is "
            "possible; do not stop the agent before.");
}

static struct err *join(const struct renewal_env *env, const struct renewal_input *in,
                        struct renewal_outcome *ret)
{
    struct credentials *creds = NULL;
    /* A first start that cannot keep what it gets must not use the token up. Later an identity in
     * memory only is better than none. */
    if (!in->creds)
        TRY(store_check_room(env->store));
    TRY(env->remote->join(env->remote, in->ttl, in->ctx, in->patient_ctx, &creds));
    adopt(env, in, creds, ret);
    return NULL;
}

static bool is_tight(const struct renewal_input *in)
{
    struct validity v = {credentials_not_before(in->creds), credentials_not_after(in->creds)};
    return schedule_is_tight(v, clock_wall(in->ctx->clock));
}

/*
 * A cluster that counts each instance's generations does not tell them: a restart that knew nothing
 * of this request would present the old one and lock the bot.
 */
static void mark(const struct renewal_env *env, const struct renewal_input *in)
{
    struct err *e = store_mark_renewal(env->store, credentials_subject(in->creds)->generation,
                                       clock_wall(in->ctx->clock));
    if (e)
        log_err(env->log, LOG_WARN, COMPONENT,
                "do not restart the agent before the disk is well: it would not know that it has "
                "renewed",
                e);
    err_free(e);
}

/* Step 3. */
static struct err *begin(const struct renewal_env *env, const struct renewal_input *in,
                         struct key *key)
{
    struct err *e = store_begin_renewal(env->store, credentials_subject(in->creds)->generation, key,
                                        clock_wall(in->ctx->clock));
    if (!e || !is_tight(in))
        return e;
    log_err(env->log, LOG_WARN, COMPONENT,
            "renewing without a journal: the identity expires before the disk can be trusted", e);
    err_free(e);
    mark(env, in);
    return NULL;
}

static struct err *renew(const struct renewal_env *env, const struct renewal_input *in,
                         struct renewal_outcome *ret)
{
    enum key_kind kind;
    CLEANUP(key_freep) struct key *key = NULL;
    struct credentials *creds = NULL;
    TRY(env->remote->key_kind(env->remote, in->creds, in->ctx, &kind));
    TRY(keypool_take(env->keys, kind, &key));
    TRY_CTX(begin(env, in, key), "preparing the renewal in '%s'", store_name(env->store));

    struct err *e = env->remote->renew(env->remote, in->creds, key, in->ttl, in->patient_ctx,
                                       &ret->event.written, &creds);
    if (e && !ret->event.written)
        err_ignore(store_abort_renewal(env->store), "resolved at the next renewal or start");
    if (e)
        return e;
    adopt(env, in, creds, ret);
    return NULL;
}

static struct err *persist(const struct renewal_env *env, const struct renewal_input *in)
{
    TRY(store_commit(env->store, in->creds, in->tokenhash));
    return store_settle(env->store);
}

static struct err *run(const struct renewal_env *env, const struct renewal_input *in,
                       struct renewal_outcome *ret)
{
    switch (in->job) {
    case RENEWER_JOB_JOIN:
        return join(env, in, ret);
    case RENEWER_JOB_RENEW:
        return renew(env, in, ret);
    case RENEWER_JOB_CHECK:
    case RENEWER_JOB_RESOLVE:
        return env->remote->read_generation(env->remote, in->creds, in->ctx,
                                            &ret->event.generation);
    case RENEWER_JOB_PERSIST:
        return persist(env, in);
    case RENEWER_JOB_NONE:
        break;
    }
    return err_new(ERR_BUG, "no job to run");
}

void renewal_run(const struct renewal_env *env, const struct renewal_input *in,
                 struct renewal_outcome *ret)
{
    *ret = (struct renewal_outcome){.event = {.kind = RENEWER_JOB_DONE, .job = in->job}};
    struct err *e = run(env, in, ret);
    if (!e)
        return;
    ret->err = e;
    ret->event.code = err_code(e);
}
