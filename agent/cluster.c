/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cluster_private.h"

#include "identity/pki/bundle.h"
#include "transport/environment.h"

#include <stdio.h>

/* Outputs due together ask once; a rotation or a new leaf is seen at the next renewal anyway. */
#define FACTS_MAX_AGE_S 5

RESULT cluster_address(const struct config *config, struct address *ret, enum path_kind *ret_kind)
{
    bool is_proxy = config->proxy_server != NULL;
    uint16_t port = is_proxy ? ADDRESS_PORT_WEB : ADDRESS_PORT_AUTH;
    TRY(address_parse(is_proxy ? config->proxy_server : config->auth_server, port, ret));
    *ret_kind = path_kind_of(is_proxy, ret);
    return NULL;
}

RESULT cluster_check_environment(const struct config *config, char *(*get)(const char *name))
{
    struct address address;
    enum path_kind kind;
    /* It says that the address of the configuration wins over the one a proxy gives of itself. */
    const char *value = get("TBOT_USE_PROXY_ADDR");
    if (value && *value)
        return err_set_hint(err_new(ERR_CONFIG, "the environment variable TBOT_USE_PROXY_ADDR asks "
                                                "for what is not built yet in this tbot"),
                            "Unset it for tbot.");
    TRY(cluster_address(config, &address, &kind));
    return environment_check(&address, get);
}

static void describe(struct cluster *c)
{
    char text[ADDRESS_TEXT_SIZE];
    snprintf(c->text, sizeof(c->text), "%s '%s'",
             c->c.config->proxy_server ? "proxy" : "auth server",
             address_format(&c->address, text));
}

static struct err *make(struct cluster *c)
{
    const struct config *config = c->c.config;
    TRY(cluster_address(config, &c->address, &c->kind));
    describe(c);
    struct connector_config connector = {
        .address = c->address,
        .insecure = config->insecure,
        .ca_pins = &config->onboarding.ca_pins,
        .ca_path = config->onboarding.ca_path,
        .metrics = c->c.metrics,
    };
    TRY(cluster_path_open(c, &connector.path));
    TRY(connector_new(&connector, &c->connector));
    struct channel_config channel = {.dial = connector_dial,
                                     .arg = c->connector,
                                     .metrics = c->c.metrics,
                                     .lost = c->c.lost,
                                     .lost_arg = c->c.lost_arg};
    return channel_new(&channel, &c->channel);
}

RESULT cluster_new(const struct cluster_config *config, struct cluster **ret)
{
    CLEANUP(cluster_freep) struct cluster *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    c->c = *config;
    pthread_mutex_init(&c->facts_lock, NULL);
    pthread_mutex_init(&c->skew_lock, NULL);
    cluster_remote_init(c);
    TRY(make(c));
    *ret = TAKE(c);
    return NULL;
}

void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    channel_free(c->channel);
    connector_free(c->connector);
    path_memory_free(c->memory);
    cluster_facts_free(c->facts);
    credentials_free(c->facts_creds);
    pthread_mutex_destroy(&c->skew_lock);
    pthread_mutex_destroy(&c->facts_lock);
    free(c);
}

struct remote *cluster_remote(struct cluster *c)
{
    return &c->remote;
}

void cluster_use(struct cluster *c, struct credentials *creds)
{
    channel_set_credentials(c->channel, creds);
    cluster_skew_note_signed(c, creds);
}

const char *cluster_text(const struct cluster *c)
{
    return c->text;
}

static struct err *need_credentials(struct cluster *c, struct credentials **ret)
{
    *ret = channel_credentials(c->channel);
    return *ret ? NULL : err_new(ERR_BUG, "the bot has no identity yet");
}

static struct err *ping(struct cluster *c, const struct ctx *ctx)
{
    const struct authapi api = {.channel = c->channel};
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply reply = {0};
    TRY(authapi_ping(&api, ctx, &reply));
    cluster_path_reached(c, &reply);
    return NULL;
}

/*
 * Silence on a connection that has long been there says little about the cluster: something between may
 * have forgotten it. So half of the time is for a new one, which the channel makes after a timeout.
 */
RESULT cluster_check(struct cluster *c, const struct ctx *ctx)
{
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    const struct ctx half = ctx_until(ctx, (struct dur){left.ns / 2});
    TRY(need_credentials(c, &creds));
    struct err *e = ping(c, &half);
    if (err_code(e) != ERR_TIMEOUT)
        return e;
    err_ignore(e, "once more on a new connection, whose failure is told");
    return ping(c, ctx);
}

/* Called with the lock held. */
static struct err *refresh(struct cluster *c, struct credentials *creds, const struct ctx *ctx)
{
    struct mono now = clock_mono(ctx->clock);
    unsigned epoch = atomic_load(&c->epoch);
    bool fresh = c->facts && c->facts_creds == creds && c->facts_epoch == epoch &&
                 mono_diff(now, c->facts_at).ns < dur_s(FACTS_MAX_AGE_S).ns;
    if (fresh)
        return NULL;
    struct cluster_facts *facts = NULL;
    TRY(cluster_facts_fetch(c, creds, ctx, &facts));
    cluster_facts_free(c->facts);
    credentials_free(c->facts_creds);
    c->facts = facts;
    c->facts_creds = credentials_ref(creds);
    c->facts_at = now;
    c->facts_epoch = epoch;
    return NULL;
}

void cluster_forget_facts(struct cluster *c)
{
    atomic_fetch_add(&c->epoch, 1);
}

RESULT cluster_get_facts(struct cluster *c, const struct ctx *ctx, struct cluster_facts **ret)
{
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    TRY(need_credentials(c, &creds));
    pthread_mutex_lock(&c->facts_lock);
    struct err *e = refresh(c, creds, ctx);
    if (!e)
        *ret = cluster_facts_ref(c->facts);
    pthread_mutex_unlock(&c->facts_lock);
    return e;
}

/*
 * An output's certificate comes with the user CA alone. Its readers verify servers, so the host CA
 * is added; and they meet hosts, so the SSH CAs are those of the bot.
 */
static struct err *complete(struct cluster *c, const struct credentials *bot,
                            const struct credentials *issued, const struct ctx *ctx,
                            struct credentials **ret)
{
    const struct authapi api = {.channel = c->channel};
    CLEANUP(msg_cluster_ca_release) struct msg_cluster_ca host = {0};
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    TRY(authapi_cluster_ca(&api, ctx, &host));
    TRY(strlist_copy(&tls_cas, credentials_tls_cas(issued)));
    TRY(strlist_add(&tls_cas, host.tls_ca));
    return credentials_with_cas(issued, &tls_cas, credentials_ssh_cas(bot), ret);
}

RESULT cluster_issue(struct cluster *c, const struct cluster_issue_request *request,
                     const struct ctx *ctx, struct credentials **ret)
{
    const struct authapi api = {.channel = c->channel};
    CLEANUP(credentials_freep) struct credentials *bot = NULL;
    CLEANUP(credentials_freep) struct credentials *issued = NULL;
    CLEANUP(key_freep) struct key *key = NULL;
    TRY(need_credentials(c, &bot));
    /* The bot's own key is of the kind the cluster's suite asks for. */
    TRY(keypool_take(c->c.keys, key_get_kind(credentials_key(bot)), &key));
    const struct subject *who = credentials_subject(bot);
    struct authapi_certs certs = {
        .key = key,
        .username = who->username,
        .expires = cluster_skew_end(c, request->ttl),
        .roles = request->roles,
        .route_to_cluster = request->route_to_cluster ? request->route_to_cluster : who->cluster,
    };
    struct mono asked = clock_mono(ctx->clock);
    TRY_CTX(cluster_skew_judge(c, authapi_issue(&api, &certs, ctx, &issued)),
            "asking for the output's certificate");
    cluster_skew_note_issued(c, issued, asked);
    return complete(c, bot, issued, ctx, ret);
}
