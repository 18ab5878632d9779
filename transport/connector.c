/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connector.h"

#include "diag/core/agent_metrics.h"
#include "identity/pki/ossl.h"
#include "transport/dial.h"
#include "transport/trust.h"
#include "transport/webapi_dial.h"

#include <pthread.h>
#include <string.h>

struct connector {
    struct connector_config c;
    pthread_mutex_t lock; /* of what follows; never held while something blocks */
    struct path path;
    bool is_retrusted;   /* the last dial went by pins or CA file */
    bool retrusted_news; /* nobody has asked for that yet */
    bool has_find;
    struct webapi_find find;
    struct mono found_at;
};

RESULT connector_new(const struct connector_config *config, struct connector **ret)
{
    struct connector *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    c->c = *config;
    c->path = config->path;
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return NULL;
}

void connector_free(struct connector *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Fills in the TLS of one way, for gRPC or for HTTP/1.1. */
typedef RESULT (*route_fn)(enum route r, const char *cluster, const struct route_trust *trust,
                           struct route_tls *ret);

static struct err *dial_verified(const struct connector *c, route_fn route, enum route r,
                                 struct credentials *creds, struct stack_st_X509 *roots,
                                 const struct ctx *ctx, struct tls **ret)
{
    const struct route_trust trust = {
        .roots = roots, .cert = credentials_cert(creds), .key = key_evp(credentials_key(creds))};
    struct route_tls tls;
    TRY(route(r, credentials_subject(creds)->cluster, &trust, &tls));
    TRY_CTX(dial_tls(&c->c.address, &tls.config, ctx, ret), "%s", route_name(r));
    return NULL;
}

/* Both ways' errors in one text; the code is that of the first, which was the likelier one. */
static struct err *both(struct err *first, struct err *second)
{
    if (!first)
        return second;
    CLEANUP(freep) char *text = err_text(second);
    err_free(second);
    return err_wrap(first, "%s; before that", text ? text : "out of memory");
}

static void note_trust(struct connector *c, bool is_retrusted)
{
    pthread_mutex_lock(&c->lock);
    c->retrusted_news = is_retrusted && (c->retrusted_news || !c->is_retrusted);
    c->is_retrusted = is_retrusted;
    pthread_mutex_unlock(&c->lock);
}

static bool has_trust(const struct connector *c)
{
    return (c->c.ca_pins && c->c.ca_pins->len > 0) || (c->c.ca_path && *c->c.ca_path);
}

static struct err *find_roots(const struct connector *c, enum route r, const char *cluster,
                              const struct ctx *ctx, struct stack_st_X509 **ret)
{
    CLEANUP(trust_release) struct trust trust = {0};
    const struct trust_door door = {.address = &c->c.address, .route = r, .cluster = cluster};
    TRY(trust_load(c->c.ca_pins, c->c.ca_path, &trust));
    return trust_ask(&trust, &door, ctx, ret);
}

/* It stays untrusted, unless asking may go better next time; the remedy is that of the second. */
static struct err *still_untrusted(struct err *e, struct err *why)
{
    if (err_class(err_code(why)) != ERR_CLASS_PERMANENT) {
        err_ignore(e, "nothing is settled yet");
        return why;
    }
    CLEANUP(freep) char *hint = err_hint(why) ? strdup(err_hint(why)) : NULL;
    e = both(e, why);
    return hint ? err_set_hint(e, "%s", hint) : e;
}

/* The server is not who we know: `e`. Pins or CA file may know better. */
static struct err *dial_retrusted(struct connector *c, route_fn route, enum route r,
                                  struct credentials *creds, const struct ctx *ctx, struct err *e,
                                  struct tls **ret)
{
    CLEANUP(x509_stack_freep) struct stack_st_X509 *roots = NULL;
    struct err *why = find_roots(c, r, credentials_subject(creds)->cluster, ctx, &roots);
    if (why)
        return still_untrusted(e, why);
    err_ignore(e, "with other CAs it is judged anew");
    TRY_CTX(dial_verified(c, route, r, creds, roots, ctx, ret),
            "with the CAs that 'ca_pins' or 'ca_path' vouch for");
    note_trust(c, true);
    return NULL;
}

static struct err *dial_route(struct connector *c, route_fn route, enum route r,
                              struct credentials *creds, const struct ctx *ctx, struct tls **ret)
{
    struct err *e = dial_verified(c, route, r, creds, credentials_roots(creds), ctx, ret);
    if (err_code(e) == ERR_UNTRUSTED && has_trust(c))
        return dial_retrusted(c, route, r, creds, ctx, e, ret);
    if (!e)
        note_trust(c, false);
    return e;
}

static void note(struct connector *c, enum route r, const struct err *e)
{
    pthread_mutex_lock(&c->lock);
    if (!e)
        path_worked(&c->path, r);
    else
        path_failed(&c->path, r, err_code(e));
    pthread_mutex_unlock(&c->lock);
}

/* The first way may use half of the time there is, so that the second gets its turn. */
static struct ctx share(const struct ctx *ctx, size_t ways_left)
{
    if (ways_left < 2 || ctx->deadline.ns == MONO_NEVER.ns)
        return *ctx;
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    return ctx_until(ctx, (struct dur){left.ns / (int64_t)ways_left});
}

static struct err *dial(struct connector *c, route_fn route, struct credentials *creds,
                        const struct ctx *ctx, struct tls **ret)
{
    enum route routes[PATH_MAX_ROUTES];
    struct err *failed = NULL;
    pthread_mutex_lock(&c->lock);
    size_t n = path_routes(&c->path, routes);
    bool is_known = c->path.has_worked;
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < n; i++) {
        struct ctx part = share(ctx, n - i);
        struct err *e = dial_route(c, route, routes[i], creds, &part, ret);
        note(c, routes[i], e);
        if (!e) {
            agent_metrics_dialled(c->c.metrics, is_known && i == 0);
            err_free(failed);
            return NULL;
        }
        bool is_stopped = err_class(err_code(e)) == ERR_CLASS_STOP;
        failed = both(failed, e);
        if (is_stopped)
            break;
    }
    return failed;
}

struct err *connector_dial(void *connector, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret)
{
    if (!creds)
        return err_new(ERR_BUG, "dialling without an identity");
    return dial(connector, route_auth, creds, ctx, ret);
}

RESULT connector_dial_http(struct connector *c, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret)
{
    return dial(c, route_auth_http, creds, ctx, ret);
}

void connector_suggest(struct connector *c, enum route r)
{
    pthread_mutex_lock(&c->lock);
    if (!c->path.has_worked)
        path_worked(&c->path, r);
    pthread_mutex_unlock(&c->lock);
}

bool connector_route(struct connector *c, enum route *ret)
{
    pthread_mutex_lock(&c->lock);
    bool has_worked = c->path.has_worked;
    if (has_worked)
        *ret = c->path.last;
    pthread_mutex_unlock(&c->lock);
    return has_worked;
}

bool connector_take_retrusted(struct connector *c)
{
    pthread_mutex_lock(&c->lock);
    bool is_news = c->retrusted_news;
    c->retrusted_news = false;
    pthread_mutex_unlock(&c->lock);
    return is_news;
}

static bool is_behind_proxy(struct connector *c)
{
    enum route r;
    enum path_kind kind = c->c.path.kind;
    if (kind == PATH_UNKNOWN && connector_route(c, &r))
        return r == ROUTE_TLS_ROUTING;
    return kind != PATH_AUTH;
}

static bool find_cached(struct connector *c, struct mono now, struct dur max_age,
                        struct webapi_find *ret)
{
    pthread_mutex_lock(&c->lock);
    bool usable = c->has_find && mono_diff(now, c->found_at).ns <= max_age.ns;
    if (usable)
        *ret = c->find;
    pthread_mutex_unlock(&c->lock);
    return usable;
}

static struct err *find_now(struct connector *c, const struct address *proxy, const struct ctx *ctx,
                            struct webapi_find *ret)
{
    TRY(webapi_dial_find(proxy, c->c.insecure, ctx, ret));
    pthread_mutex_lock(&c->lock);
    c->find = *ret;
    c->has_find = true;
    c->found_at = clock_mono(ctx->clock);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Who describes the proxy: the one we come through, or the one the auth server names. */
static struct err *find_whom(struct connector *c, const char *public_addr, struct address *ret)
{
    if (is_behind_proxy(c)) {
        *ret = c->c.address;
        return NULL;
    }
    if (!public_addr || !*public_addr)
        return err_new(ERR_NOT_FOUND, "the cluster has no proxy");
    return address_parse(public_addr, ADDRESS_PORT_WEB, ret);
}

RESULT connector_find(struct connector *c, const char *public_addr, const struct ctx *ctx,
                      struct dur max_age, struct webapi_find *ret, struct address *ret_web)
{
    struct address proxy;
    TRY(find_whom(c, public_addr, &proxy));
    if (!find_cached(c, clock_mono(ctx->clock), max_age, ret))
        TRY(find_now(c, &proxy, ctx, ret));
    return webapi_find_web(ret, &proxy, ret_web);
}
