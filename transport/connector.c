/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connector.h"

#include "transport/dial.h"

#include <pthread.h>

struct connector {
    struct address address;
    enum path_setting setting;
    pthread_mutex_t lock; /* guards the memory */
    struct path_memory memory;
};

RESULT connector_new(const struct connector_config *config, struct connector **ret)
{
    struct connector *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    c->address = config->address;
    c->setting = config->setting;
    c->memory = config->memory;
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

struct path_memory connector_memory(struct connector *c)
{
    pthread_mutex_lock(&c->lock);
    struct path_memory m = c->memory;
    pthread_mutex_unlock(&c->lock);
    return m;
}

static void learn(struct connector *c, enum path_kind kind, bool is_success)
{
    pthread_mutex_lock(&c->lock);
    path_learn(&c->memory, kind, is_success);
    pthread_mutex_unlock(&c->lock);
}

static struct route_trust trust_of(struct credentials *creds)
{
    return (struct route_trust) {
        .roots = credentials_roots(creds),
        .cert = credentials_cert(creds),
        .key = key_evp(credentials_key(creds)),
    };
}

typedef struct err *(*route_fn)(enum route r, const char *cluster, const struct route_trust *trust,
                                struct route_tls *ret);

/* One TLS handshake, with what one way asks for. */
static RESULT dial_way(const struct connector *c, enum path_kind kind, route_fn route,
                       struct credentials *creds, const struct ctx *ctx, struct tls **ret)
{
    struct route_tls tls;
    struct route_trust trust = trust_of(creds);
    TRY(route(path_route(kind), credentials_subject(creds)->cluster, &trust, &tls));
    return dial_tls(&c->address, &tls.config, ctx, ret);
}

/* The ways share an address: another one helps where TLS was not what we expected, not where nobody
 * answers. */
static bool is_worth_another_way(const struct err *e)
{
    return err_code(e) == ERR_PROTOCOL || err_code(e) == ERR_UNTRUSTED;
}

/* The first way's failure counts; the second one's text is told with it. */
static RESULT both(struct err *first, struct err *second)
{
    CLEANUP(freep) char *text = err_text(second);
    struct err *e = err_wrap(first, "neither an auth server nor a proxy (%s)", text ? text : "?");
    err_ignore(second, "its text is in the first one's");
    return e;
}

static RESULT dial_plan(struct connector *c, route_fn route, struct credentials *creds,
                        const struct ctx *ctx, struct tls **ret)
{
    struct path_memory memory = connector_memory(c);
    struct path_plan plan = path_plan(c->setting, c->address.port, &memory);
    struct err *first = dial_way(c, plan.kinds[0], route, creds, ctx, ret);
    learn(c, plan.kinds[0], first == NULL);
    if (!first || plan.len == 1 || !is_worth_another_way(first))
        return first;
    struct err *second = dial_way(c, plan.kinds[1], route, creds, ctx, ret);
    if (second)
        return both(first, second);
    err_ignore(first, "the other way works");
    learn(c, plan.kinds[1], true);
    return NULL;
}

RESULT connector_dial(void *connector, struct credentials *creds, const struct ctx *ctx,
                      struct tls **ret)
{
    if (!creds)
        return err_new(ERR_BUG, "dial the auth server without credentials");
    return dial_plan(connector, route_auth, creds, ctx, ret);
}

RESULT connector_dial_http(struct connector *c, struct credentials *creds, const struct ctx *ctx,
                           struct tls **ret)
{
    return dial_plan(c, route_auth_http, creds, ctx, ret);
}

RESULT connector_dial_ssh(void *connector, struct credentials *creds, const struct ctx *ctx,
                          struct tls **ret)
{
    const struct connector *c = connector;
    struct route_tls tls;
    struct route_trust trust = trust_of(creds);
    TRY(route_ssh(credentials_subject(creds)->cluster, &trust, &tls));
    return dial_tls(&c->address, &tls.config, ctx, ret);
}
