/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/routes_table.h"

#include <string.h>

static bool route_matches(const struct diag_route *route, const char *path,
                          const char **ret_service)
{
    const char *variable = strchr(route->path, '{');
    size_t fixed = variable ? (size_t)(variable - route->path) : strlen(route->path);
    *ret_service = NULL;
    if (!variable)
        return strcmp(path, route->path) == 0;
    *ret_service = path + fixed;
    return strncmp(path, route->path, fixed) == 0 && path[fixed];
}

/* The first row of the path. */
static const struct diag_route *find_path(const char *path, const struct diag_facts *f,
                                          const char **ret_service)
{
    for (size_t i = 0; i < diag_routes_table_len; i++) {
        const struct diag_route *r = &diag_routes_table[i];
        if (route_matches(r, path, ret_service) && (!r->is_there || r->is_there(f)))
            return r;
    }
    return NULL;
}

static bool is_same_path(const struct diag_route *a, const struct diag_route *b)
{
    return a < diag_routes_table + diag_routes_table_len && strcmp(a->path, b->path) == 0;
}

static bool is_method(enum diag_method m, const char *name)
{
    switch (m) {
    case DIAG_GET:
        return strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0;
    case DIAG_POST:
        return strcmp(name, "POST") == 0;
    case DIAG_PUT:
        return strcmp(name, "PUT") == 0;
    }
    return false;
}

/* The row of the path with that method; NULL: it has none. */
static const struct diag_route *find_method(const struct diag_route *first, const char *method)
{
    for (const struct diag_route *r = first; is_same_path(r, first); r++) {
        if (is_method(r->method, method))
            return r;
    }
    return NULL;
}

static struct err *refuse_method(const struct diag_route *first, struct diag_answer *a)
{
    static const char *const allow[] = {[DIAG_GET] = "GET, HEAD",
                                        [DIAG_POST] = "POST",
                                        [DIAG_GET | DIAG_POST] = "GET, HEAD, POST",
                                        [DIAG_GET | DIAG_PUT] = "GET, HEAD, PUT"};
    unsigned methods = 0;
    for (const struct diag_route *r = first; is_same_path(r, first); r++)
        methods |= r->method;
    a->allow = allow[methods];
    return diag_answer_error(405, "not with this method; see Allow", a);
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

static enum diag_right right_for(const struct diag_route *path, const struct diag_route *route)
{
    if (route)
        return route->right;
    return path ? path->right : DIAG_PROBE;
}

RESULT diag_routes_answer(const struct diag_policy *policy, const struct diag_request *r,
                          struct diag_facts *f, struct diag_answer *a)
{
    const char *service = NULL;
    const struct diag_route *path = find_path(r->path, f, &service);
    const struct diag_route *route = path ? find_method(path, r->method) : NULL;
    enum diag_verdict verdict = diag_access(policy, &r->asker, right_for(path, route));
    if (path)
        a->route = path->path;
    if (verdict != DIAG_ALLOW || !path)
        return refuse(verdict, a);
    if (!route)
        return refuse_method(path, a);
    f->with_details = diag_access(policy, &r->asker, DIAG_DETAILS) == DIAG_ALLOW;
    a->shows_version = f->with_details;
    return route->answer(r, f, service, a);
}
