/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster as the renewer sees it: fills in identity/remote.h with the transport. */
#include "agent/cluster_private.h"
#include "agent/kube_token.h"

static struct err *make_key(void *arg, enum suite suite, struct key **ret)
{
    struct cluster *c = arg;
    return keypool_take(c->c.keys, suite_identity_key(suite), ret);
}

/* Who says no has not taken the token. */
static bool is_answer(const struct err *e)
{
    enum err_code code = err_code(e);
    return code == ERR_DENIED || code == ERR_LOCKED || code == ERR_REJECTED;
}

/* `e` is what the join ended with, or NULL. */
static void say_report(const struct cluster *c, const struct join_report *report,
                       const struct err *e)
{
    if (report->is_unverified && !e)
        log_warn(c->c.log, "cluster",
                 "joined without verifying whom: set 'ca_pins' or 'ca_path' for the next machine",
                 LOG_STR("cluster", report->cluster), LOG_STR("address", c->text));
    if (e && report->token_may_be_used && !is_answer(e))
        log_warn(c->c.log, "cluster",
                 "the token may have been used up although no answer came: if joining goes on "
                 "failing, make a new one");
}

/* The method `kubernetes` shows a token that the kubelet replaces all the time; others have none. */
static struct err *read_proof(const struct config_onboarding *onboarding, struct secret **ret)
{
    if (!config_rejoins(onboarding))
        return NULL;
    return kube_token_read(kube_token_path(onboarding->kubernetes_token_path, getenv), ret);
}

static struct err *explain(const struct cluster *c, const struct join_config *config, struct err *e)
{
    if (!config->id_token)
        return e;
    const struct config_onboarding *onboarding = &c->c.config->onboarding;
    const struct kube_token_refusal refusal = {
        .path = kube_token_path(onboarding->kubernetes_token_path, getenv),
        .cluster = config->report->cluster,
        .was_shown = config->report->token_was_shown,
        .now = clock_wall(c->c.clock),
    };
    return kube_token_explain(&refusal, config->id_token, e);
}

static struct err *join(struct remote *r, struct dur ttl, const struct ctx *ctx,
                        const struct ctx *patient, struct credentials **ret)
{
    struct cluster *c = cluster_of_remote(r);
    const struct config_onboarding *onboarding = &c->c.config->onboarding;
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(secret_freep) struct secret *jwt = NULL;
    TRY(config_token(onboarding, &token));
    TRY(read_proof(onboarding, &jwt));
    struct join_report report = {0};
    struct join_config config = {
        .address = c->address,
        .kind = c->kind,
        .ca_pins = &onboarding->ca_pins,
        .ca_path = onboarding->ca_path,
        .insecure = c->c.config->insecure,
        .token = token,
        .method = onboarding->join_method,
        .id_token = jwt,
        .expires = cluster_skew_end(c, ttl),
        .make_key = make_key,
        .arg = c,
        .patience = patient->cancel,
        .report = &report,
    };
    struct mono asked = clock_mono(ctx->clock);
    struct err *e = join_by_token(&config, ctx, ret);
    say_report(c, &report, e);
    TRY(explain(c, &config, cluster_skew_judge(c, e)));
    cluster_path_joined(c, &report, token);
    cluster_skew_note_issued(c, *ret, asked);
    return NULL;
}

/* A connection that presents `creds`, and what its server said to a Ping on it. */
struct session {
    struct channel_session *channel;
    struct msg_ping_reply ping;
};

static void session_release(struct session *s)
{
    channel_session_free(s->channel);
    msg_ping_reply_release(&s->ping);
}

static struct err *session_open(struct cluster *c, struct credentials *creds, const struct ctx *ctx,
                                struct session *ret)
{
    TRY(authapi_session_open(c->channel, creds, ctx, &ret->channel, &ret->ping));
    cluster_path_reached(c, &ret->ping);
    return NULL;
}

static struct err *key_kind(struct remote *r, struct credentials *creds, const struct ctx *ctx,
                            enum key_kind *ret)
{
    CLEANUP(session_release) struct session s = {0};
    TRY(session_open(cluster_of_remote(r), creds, ctx, &s));
    *ret = suite_identity_key(suite_of_number(s.ping.suite_number));
    return NULL;
}

static struct err *renew(struct remote *r, struct credentials *creds, struct key *key,
                         struct dur ttl, const struct ctx *ctx, bool *ret_written,
                         struct credentials **ret)
{
    struct cluster *c = cluster_of_remote(r);
    CLEANUP(session_release) struct session s = {0};
    *ret_written = false;
    TRY(session_open(c, creds, ctx, &s));
    struct authapi_certs certs = {
        .key = key,
        .username = credentials_subject(creds)->username,
        .expires = cluster_skew_end(c, ttl),
    };
    struct mono asked = clock_mono(ctx->clock);
    struct err *e = authapi_renew(c->channel, s.channel, &s.ping, &certs, ctx, ret_written, ret);
    TRY(cluster_skew_judge(c, e));
    cluster_skew_note_issued(c, *ret, asked);
    return NULL;
}

static struct err *read_generation(struct remote *r, struct credentials *creds,
                                   const struct ctx *ctx, int64_t *ret)
{
    struct cluster *c = cluster_of_remote(r);
    CLEANUP(session_release) struct session s = {0};
    TRY(session_open(c, creds, ctx, &s));
    const struct authapi api = {.channel = c->channel, .session = s.channel};
    return authapi_generation(&api, ctx, ret);
}

void cluster_remote_init(struct cluster *c)
{
    c->remote = (struct remote){
        .join = join, .key_kind = key_kind, .renew = renew, .read_generation = read_generation};
}
