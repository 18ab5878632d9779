/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path.h"

#define PORT_HTTPS 443

const char *path_kind_name(enum path_kind kind)
{
    static const char *const names[] = {
        [PATH_AUTH] = "auth", [PATH_PROXY] = "proxy", [PATH_UNKNOWN] = "unknown"};
    return names[kind];
}

enum path_kind path_kind_of(bool is_proxy_setting, const struct address *a)
{
    if (is_proxy_setting)
        return PATH_PROXY;
    bool is_proxy_port = a->port == PORT_HTTPS || a->port == ADDRESS_PORT_WEB;
    return is_proxy_port ? PATH_UNKNOWN : PATH_AUTH;
}

size_t path_routes(const struct path *p, enum route ret[PATH_MAX_ROUTES])
{
    enum route first = p->kind == PATH_AUTH ? ROUTE_DIRECT : ROUTE_TLS_ROUTING;
    if (p->kind != PATH_UNKNOWN) {
        ret[0] = first;
        return 1;
    }
    if (p->has_worked)
        first = p->last;
    ret[0] = first;
    ret[1] = first == ROUTE_DIRECT ? ROUTE_TLS_ROUTING : ROUTE_DIRECT;
    return 2;
}

bool path_kind_has(enum path_kind kind, enum route r)
{
    enum route routes[PATH_MAX_ROUTES];
    size_t n = path_routes(&(struct path){.kind = kind}, routes);
    return routes[0] == r || routes[n - 1] == r;
}

void path_worked(struct path *p, enum route r)
{
    p->has_worked = true;
    p->last = r;
    p->is_suspect = false;
}

void path_failed(struct path *p, enum route r, enum err_code code)
{
    if (p->has_worked && p->last == r && err_class(code) != ERR_CLASS_STOP)
        p->is_suspect = true;
}
