/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/walk.h"

#include "identity/pki/ossl.h"
#include "transport/trust.h"
#include "transport/walk_private.h"
#include "transport/webapi.h"

#define STEPS_AT_MOST 6 /* times the limit of one, for the whole walk */

static const char stored[] = "the authorities of the stored identity";
static const char pinned[] = "'ca_pins'";
static const char in_file[] = "'ca_path'";
static const char system_roots[] = "the system's authorities";

static void tell_route(struct walk *w, enum route r)
{
    if (r == ROUTE_DIRECT)
        walk_ok(w, WALK_ROUTE, w->where, "%s: the auth service itself", route_name(r));
    else
        walk_ok(w, WALK_ROUTE, w->where, "%s: the auth service, through the proxy's port",
                route_name(r));
}

/* --- who vouches --- */

static bool has_pins(const struct walk_config *c)
{
    return c->ca_pins && c->ca_pins->len > 0;
}

static bool has_trust(const struct walk_config *c)
{
    return has_pins(c) || (c->ca_path && *c->ca_path);
}

/* As a join does, and the connector where the cluster's CAs are others than before. */
static struct err *load_and_ask(struct walk *w, const struct trust_door *door,
                                struct stack_st_X509 **ret)
{
    const struct walk_config *c = w->config;
    const struct ctx limited = walk_limit(w);
    CLEANUP(trust_release) struct trust trust = {0};
    TRY(trust_load(c->ca_pins, c->ca_path, &trust));
    w->vouched_by = has_pins(c) ? pinned : in_file;
    return trust_ask(&trust, door, &limited, ret);
}

/* False: it failed, which was told. */
static bool ask_trust(struct walk *w, enum route r, const char *cluster, struct stack_st_X509 **ret)
{
    const struct trust_door door = {.address = &w->config->address, .route = r, .cluster = cluster};
    walk_begin(w, WALK_CERTIFICATE, w->where);
    CLEANUP(err_freep) struct err *e = load_and_ask(w, &door, ret);
    if (e)
        walk_fail(w, WALK_CERTIFICATE, w->where, e);
    return !e;
}

static struct tls *dial_by_route(struct walk *w, enum route r, const struct route_trust *trust,
                                 struct route_tls *route)
{
    const struct credentials *creds = w->config->creds;
    const char *cluster = creds ? credentials_subject(creds)->cluster : NULL;
    CLEANUP(err_freep) struct err *e = route_auth(r, cluster, trust, route);
    if (!e)
        return walk_dial(w, &route->config);
    walk_fail(w, WALK_TLS, w->where, e);
    return NULL;
}

/* --- with an identity --- */

static bool is_untrusted(const struct walk *w)
{
    return w->failed == WALK_CERTIFICATE && w->failed_by == ERR_UNTRUSTED;
}

/* *ret_roots are those that fit in the end, the caller's. */
static struct tls *dial_as_member(struct walk *w, enum route r, struct route_tls *route,
                                  struct stack_st_X509 **ret_roots)
{
    struct credentials *creds = w->config->creds;
    struct route_trust trust = {.roots = credentials_roots(creds),
                                .cert = credentials_cert(creds),
                                .key = key_evp(credentials_key(creds))};
    w->vouched_by = stored;
    w->has_second_opinion = has_trust(w->config);
    struct tls *tls = dial_by_route(w, r, &trust, route);
    bool is_doubted = !tls && w->has_second_opinion && is_untrusted(w);
    w->has_second_opinion = false;
    if (!is_doubted) {
        *ret_roots = X509_chain_up_ref(trust.roots);
        return tls;
    }
    if (!ask_trust(w, r, credentials_subject(creds)->cluster, ret_roots))
        return NULL;
    trust.roots = *ret_roots;
    return dial_by_route(w, r, &trust, route);
}

/* A certificate that is not the cluster's may be that of a load balancer, which ALPN does not pass. */
static void judge_upgrade(struct walk *w, enum route r, bool arrived)
{
    if (arrived)
        walk_ok(w, WALK_UPGRADE, w->where, "not needed");
    else if (r == ROUTE_TLS_ROUTING && is_untrusted(w) && w->is_last_way)
        (void)walk_ask_upgrade(w);
}

static bool ping(struct walk *w, struct walk_line *line)
{
    CLEANUP(err_freep) struct err *e = walk_line_open(line);
    if (e)
        walk_fail(w, WALK_PING, w->where, e);
    return !e && walk_ask_ping(w, line);
}

static bool walk_as_member(struct walk *w, enum route r)
{
    struct route_tls route;
    CLEANUP(x509_stack_freep) struct stack_st_X509 *roots = NULL;
    CLEANUP(walk_line_close)
    struct walk_line line = {.walk = w, .tls = dial_as_member(w, r, &route, &roots)};
    judge_upgrade(w, r, line.tls != NULL);
    if (!line.tls)
        return false;
    line.config = &route.config;
    if (r == ROUTE_DIRECT)
        walk_ask_auth_clock(w, roots);
    else
        walk_ask_proxy_clock(w);
    tell_route(w, r);
    return ping(w, &line);
}

/* --- as a stranger, at a proxy --- */

static struct err *discover(const struct walk *w, struct tls *tls, struct webapi_find *ret)
{
    const struct ctx limited = walk_limit(w);
    const struct http_stream stream = http_tls_stream(tls);
    const struct webapi api = {&stream, w->where, &limited};
    return webapi_discover(&api, ret);
}

static bool walk_to_proxy(struct walk *w)
{
    struct route_tls route;
    struct webapi_find find;
    w->vouched_by = w->config->insecure ? NULL : system_roots;
    route_web(&w->config->address, w->config->insecure, &route);
    CLEANUP(tls_freep) struct tls *tls = walk_dial(w, &route.config);
    if (!tls)
        return false;
    walk_begin(w, WALK_PING, w->where);
    CLEANUP(err_freep) struct err *e = discover(w, tls, &find);
    if (e) {
        walk_fail(w, WALK_PING, w->where, e);
        return false;
    }
    walk_tell_server(w, find.cluster_name, find.server_version);
    walk_tell_clock(w, find.date, find.asked, find.answered);
    if (!walk_ask_upgrade(w))
        return false;
    tell_route(w, ROUTE_TLS_ROUTING);
    return true;
}

/* --- as a stranger, at an auth server --- */

/* The CA is fetched from anybody, and is the cluster's if the pins say so: before that is asked, the
 * steps to it are told. */
static bool reach_anybody(struct walk *w)
{
    struct route_tls route;
    w->certificate_is_later = true;
    CLEANUP(tls_freep)
    struct tls *tls = dial_by_route(w, ROUTE_DIRECT, &(struct route_trust){0}, &route);
    w->certificate_is_later = false;
    return tls;
}

/* *ret stays NULL where nobody vouches. False: it failed, which was told. */
static bool find_roots(struct walk *w, struct stack_st_X509 **ret)
{
    const struct walk_config *c = w->config;
    if (c->insecure || !has_trust(c))
        return true;
    if (has_pins(c) && !reach_anybody(w))
        return false;
    return ask_trust(w, ROUTE_DIRECT, NULL, ret);
}

static bool walk_to_auth(struct walk *w)
{
    struct route_tls route;
    CLEANUP(x509_stack_freep) struct stack_st_X509 *roots = NULL;
    w->vouched_by = NULL;
    if (!find_roots(w, &roots))
        return false;
    CLEANUP(walk_line_close)
    struct walk_line line = {
        .walk = w,
        .tls = dial_by_route(w, ROUTE_DIRECT, &(struct route_trust){.roots = roots}, &route)};
    if (!line.tls)
        return false;
    line.config = &route.config;
    walk_ok(w, WALK_UPGRADE, w->where, "not needed");
    walk_ask_auth_clock(w, roots);
    tell_route(w, ROUTE_DIRECT);
    return ping(w, &line);
}

/* --- any way --- */

static bool walk_way(struct walk *w, enum route r)
{
    w->told = 0;
    if (w->config->creds)
        return walk_as_member(w, r);
    return r == ROUTE_TLS_ROUTING ? walk_to_proxy(w) : walk_to_auth(w);
}

bool walk_run(const struct walk_config *config, const struct ctx *ctx)
{
    struct walk w = {.config = config};
    enum route ways[PATH_MAX_ROUTES];
    const struct path path = {.kind = config->kind};
    size_t n = path_routes(&path, ways);
    w.ctx = ctx_until(ctx, (struct dur){config->limit.ns * STEPS_AT_MOST});
    address_format(&config->address, w.where);
    for (size_t i = 0; i < n; i++) {
        w.is_last_way = i + 1 == n;
        if (walk_way(&w, ways[i]))
            return true;
    }
    walk_skip_rest(&w);
    return false;
}
