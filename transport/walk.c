/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/walk.h"

#include "identity/pki/ossl.h"
#include "transport/join_trust.h"
#include "transport/walk_private.h"

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

/* --- with an identity --- */

static struct tls *dial_as_member(struct walk *w, enum route r, struct route_tls *route)
{
    struct credentials *creds = w->config->creds;
    const struct route_trust trust = {.roots = credentials_roots(creds),
                                      .cert = credentials_cert(creds),
                                      .key = key_evp(credentials_key(creds))};
    w->vouched_by = stored;
    CLEANUP(err_freep)
    struct err *e = route_auth(r, credentials_subject(creds)->cluster, &trust, route);
    if (!e)
        return walk_dial(w, &route->config);
    walk_fail(w, WALK_TLS, w->where, e);
    return NULL;
}

/* A certificate that is not the cluster's may be that of a load balancer, which ALPN does not pass. */
static void judge_upgrade(struct walk *w, enum route r, bool arrived)
{
    bool is_stranger = w->failed == WALK_CERTIFICATE && w->failed_by == ERR_UNTRUSTED;
    if (arrived)
        walk_ok(w, WALK_UPGRADE, w->where, "not needed");
    else if (r == ROUTE_TLS_ROUTING && is_stranger && w->is_last_way)
        (void)walk_ask_upgrade(w);
}

static void ask_clock(struct walk *w, enum route r)
{
    if (r == ROUTE_DIRECT)
        walk_ask_auth_clock(w, credentials_roots(w->config->creds));
    else
        walk_ask_proxy_clock(w);
}

static bool walk_as_member(struct walk *w, enum route r)
{
    struct route_tls route;
    CLEANUP(walk_line_close)
    struct walk_line line = {.walk = w, .tls = dial_as_member(w, r, &route)};
    judge_upgrade(w, r, line.tls != NULL);
    if (!line.tls)
        return false;
    line.config = &route.config;
    ask_clock(w, r);
    tell_route(w, r);
    CLEANUP(err_freep) struct err *e = walk_line_open(&line);
    if (e)
        walk_fail(w, WALK_PING, w->where, e);
    return !e && walk_ask_ping(w, &line);
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
    struct mono asked = clock_mono(w->ctx.clock);
    CLEANUP(err_freep) struct err *e = discover(w, tls, &find);
    struct mono answered = clock_mono(w->ctx.clock);
    if (e) {
        walk_fail(w, WALK_PING, w->where, e);
        return false;
    }
    walk_tell_server(w, find.cluster_name, find.server_version);
    walk_tell_clock(w, find.date, asked, answered);
    if (!walk_ask_upgrade(w))
        return false;
    tell_route(w, ROUTE_TLS_ROUTING);
    return true;
}

/* --- as a stranger, at an auth server --- */

static struct tls *dial_auth(struct walk *w, struct stack_st_X509 *roots, struct route_tls *route)
{
    const struct route_trust trust = {.roots = roots};
    CLEANUP(err_freep) struct err *e = route_auth(ROUTE_DIRECT, NULL, &trust, route);
    if (!e)
        return walk_dial(w, &route->config);
    walk_fail(w, WALK_TLS, w->where, e);
    return NULL;
}

/* As a join does: the CA is fetched from anybody, and is the cluster's if the pins say so. */
static struct err *fetch_pinned(struct walk *w, const struct join_pins *pins,
                                struct walk_line *line, struct stack_st_X509 **ret)
{
    const struct ctx limited = walk_limit(w);
    TRY(walk_line_open(line));
    return join_trust_fetch(line->channel, pins, &limited, ret);
}

static bool find_pinned(struct walk *w, const struct join_pins *pins, struct stack_st_X509 **ret)
{
    struct route_tls route;
    w->certificate_is_later = true;
    CLEANUP(walk_line_close)
    struct walk_line line = {.walk = w, .tls = dial_auth(w, NULL, &route)};
    w->certificate_is_later = false;
    if (!line.tls)
        return false;
    line.config = &route.config;
    walk_begin(w, WALK_CERTIFICATE, w->where);
    CLEANUP(err_freep) struct err *e = fetch_pinned(w, pins, &line, ret);
    if (e)
        walk_fail(w, WALK_CERTIFICATE, w->where, e);
    return !e;
}

/* *ret stays NULL where nobody vouches. False: it failed, which was told. */
static bool find_roots(struct walk *w, struct stack_st_X509 **ret)
{
    const struct walk_config *config = w->config;
    CLEANUP(join_pins_release) struct join_pins pins = {0};
    if (config->insecure)
        return true;
    CLEANUP(err_freep) struct err *e = join_trust_pins(config->ca_pins, &pins);
    if (!e && pins.len == 0 && config->ca_path && *config->ca_path) {
        w->vouched_by = in_file;
        e = join_trust_file(config->ca_path, ret);
    }
    if (e) {
        walk_fail(w, WALK_CERTIFICATE, w->where, e);
        return false;
    }
    if (pins.len == 0)
        return true;
    w->vouched_by = pinned;
    return find_pinned(w, &pins, ret);
}

static bool walk_to_auth(struct walk *w)
{
    struct route_tls route;
    CLEANUP(x509_stack_freep) struct stack_st_X509 *roots = NULL;
    w->vouched_by = NULL;
    if (!find_roots(w, &roots))
        return false;
    CLEANUP(walk_line_close)
    struct walk_line line = {.walk = w, .tls = dial_auth(w, roots, &route)};
    if (!line.tls)
        return false;
    line.config = &route.config;
    walk_ok(w, WALK_UPGRADE, w->where, "not needed");
    walk_ask_auth_clock(w, roots);
    tell_route(w, ROUTE_DIRECT);
    CLEANUP(err_freep) struct err *e = walk_line_open(&line);
    if (e)
        walk_fail(w, WALK_PING, w->where, e);
    return !e && walk_ask_ping(w, &line);
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
