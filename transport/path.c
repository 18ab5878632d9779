/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path.h"

#define PORT_HTTPS 443

const char *path_kind_name(enum path_kind kind)
{
    return kind == PATH_PROXY ? "proxy" : "auth";
}

enum route path_route(enum path_kind kind)
{
    return kind == PATH_PROXY ? ROUTE_TLS_ROUTING : ROUTE_DIRECT;
}

static bool looks_like_a_proxy(uint16_t port)
{
    return port == PORT_HTTPS || port == ADDRESS_PORT_WEB;
}

struct path_plan path_plan(enum path_setting setting, uint16_t port,
                           const struct path_memory *memory)
{
    if (setting == PATH_PROXY_SERVER)
        return (struct path_plan) {.kinds = {PATH_PROXY}, .len = 1};
    bool proxy_first = memory->is_known ? memory->kind == PATH_PROXY : looks_like_a_proxy(port);
    if (proxy_first)
        return (struct path_plan) {.kinds = {PATH_PROXY, PATH_AUTH}, .len = 2};
    return (struct path_plan) {.kinds = {PATH_AUTH, PATH_PROXY}, .len = 2};
}

void path_learn(struct path_memory *memory, enum path_kind kind, bool is_success)
{
    if (is_success)
        *memory = (struct path_memory) {.is_known = true, .kind = kind};
    else if (memory->is_known && memory->kind == kind)
        memory->is_suspect = true;
}
