/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/routes.h"

#include "diag/accept.h"

#include <string.h>

/* `service` is what a path that takes one has behind its last fixed slash; else NULL. */
typedef struct err *route_fn(const struct diag_request *r, const struct diag_facts *f,
                             const char *service, struct diag_answer *a);

static struct err *livez(const struct diag_request *r, const struct diag_facts *f,
                         const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_livez(f, a);
}

static struct err *healthz(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)r, (void)service;
    return diag_answer_healthz(f, a);
}

static struct err *readyz(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    if (!r->format)
        return diag_answer_readyz(f, service, a);
    if (strcmp(r->format, "tbot") == 0)
        return diag_answer_readyz_tbot(f, service, a);
    return diag_answer_error(400, "unknown format: there is 'tbot', or none", a);
}

static struct err *servez(const struct diag_request *r, const struct diag_facts *f,
                          const char *service, struct diag_answer *a)
{
    (void)r;
    return diag_answer_servez(f, service, a);
}

static struct err *metrics(const struct diag_request *r, const struct diag_facts *f,
                           const char *service, struct diag_answer *a)
{
    (void)service;
    TRY(diag_answer_metrics(f, diag_accept_metrics(r->accept), a));
    return diag_accept_gzip(r->accept_encoding) ? diag_answer_gzip(a) : NULL;
}

static struct err *metrics_json(const struct diag_request *r, const struct diag_facts *f,
                                const char *service, struct diag_answer *a)
{
    if (r->format && strcmp(r->format, "prometheus") == 0)
        return metrics(r, f, service, a);
    if (r->format && strcmp(r->format, "json") != 0)
        return diag_answer_error(400, "unknown format: there are 'json' and 'prometheus'", a);
    TRY(diag_answer_metrics_json(f, a));
    return diag_accept_gzip(r->accept_encoding) ? diag_answer_gzip(a) : NULL;
}

static const struct route {
    const char *path; /* ends in "{service}" where it takes one */
    enum diag_right right;
    route_fn *fn;
} routes[] = {
    {"/livez", DIAG_PROBE, livez},
    {"/healthz", DIAG_PROBE, healthz},
    {"/readyz", DIAG_PROBE, readyz},
    {"/readyz/{service}", DIAG_PROBE, readyz},
    {"/servez", DIAG_PROBE, servez},
    {"/servez/{service}", DIAG_PROBE, servez},
    {"/metrics", DIAG_METRICS, metrics},
    {"/_metrics/prometheus", DIAG_METRICS, metrics},
    {"/_metrics", DIAG_METRICS, metrics_json},
    {"/_metrics/json", DIAG_METRICS, metrics_json},
};

static bool route_matches(const struct route *route, const char *path, const char **ret_service)
{
    const char *variable = strchr(route->path, '{');
    size_t fixed = variable ? (size_t)(variable - route->path) : strlen(route->path);
    *ret_service = NULL;
    if (!variable)
        return strcmp(path, route->path) == 0;
    *ret_service = path + fixed;
    return strncmp(path, route->path, fixed) == 0 && path[fixed];
}

static const struct route *find_route(const char *path, const char **ret_service)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (route_matches(&routes[i], path, ret_service))
            return &routes[i];
    }
    return NULL;
}

static struct err *refuse(enum diag_verdict verdict, struct diag_answer *a)
{
    switch (verdict) {
    case DIAG_UNAUTHORIZED:
        a->asks_for_token = true;
        return diag_answer_error(401, "a valid token is needed", a);
    case DIAG_FORBIDDEN:
        return diag_answer_error(403, "not allowed from here", a);
    case DIAG_MISDIRECTED:
        return diag_answer_error(421, "the Host header does not name this machine", a);
    case DIAG_ABSENT:
    case DIAG_ALLOW:
        break;
    }
    return diag_answer_error(404, "no such page", a);
}

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

RESULT diag_routes_answer(const struct diag_policy *policy, const struct diag_request *r,
                          struct diag_facts *f, struct diag_answer *a)
{
    const char *service = NULL;
    const struct route *route = find_route(r->path, &service);
    enum diag_verdict verdict = diag_access(policy, &r->asker, route ? route->right : DIAG_PROBE);
    if (route)
        a->route = route->path;
    if (verdict != DIAG_ALLOW || !route)
        return refuse(verdict, a);
    if (!is_read(r->method)) {
        a->allow = "GET, HEAD";
        return diag_answer_error(405, "only GET and HEAD", a);
    }
    f->with_details = diag_access(policy, &r->asker, DIAG_DETAILS) == DIAG_ALLOW;
    a->shows_version = f->with_details;
    return route->fn(r, f, service, a);
}
