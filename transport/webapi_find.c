/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi.h"

#include <arpa/inet.h>
#include <string.h>

#define PORT_HTTPS 443
#define PORT_SSH 3023
#define PORT_TUNNEL 3024
#define PORT_KUBE 3026

/* 0.0.0.0 and :: in all their spellings: where it listens, not where it is. */
static bool is_unspecified(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return v4.s_addr == htonl(INADDR_ANY);
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

static RESULT read_address(const char *text, uint16_t default_port, const struct address *used,
                           struct address *ret)
{
    struct address a;
    struct err *e = address_parse(text, default_port, &a);
    if (e)
        return err_wrap_as(ERR_PROTOCOL, e, "what the proxy says of its addresses");
    if (is_unspecified(a.host))
        memcpy(a.host, used->host, sizeof(a.host));
    *ret = a;
    return NULL;
}

/* The port of an address that may be empty. */
static RESULT read_port(const char *text, uint16_t default_port, const struct address *used,
                        uint16_t *ret)
{
    struct address a = {.port = default_port};
    if (text[0])
        TRY(read_address(text, default_port, used, &a));
    *ret = a.port;
    return NULL;
}

/* The host of one address with the port of another service. */
static RESULT read_host(const char *text, uint16_t port, const struct address *used,
                        struct address *ret)
{
    struct address a;
    TRY(read_address(text, port, used, &a));
    a.port = port;
    *ret = a;
    return NULL;
}

RESULT webapi_find_web(const struct webapi_find *find, const struct address *used,
                       struct address *ret)
{
    uint16_t port = 0;
    TRY(read_port(find->web_listen_addr, PORT_HTTPS, used, &port));
    if (find->public_addr[0])
        return read_address(find->public_addr, port, used, ret);
    if (find->web_listen_addr[0])
        return read_address(find->web_listen_addr, port, used, ret);
    *ret = *used;
    return NULL;
}

RESULT webapi_find_ssh(const struct webapi_find *find, const struct address *used,
                       struct address *ret)
{
    if (find->has_tls_routing)
        return webapi_find_web(find, used, ret);
    if (find->ssh_public_addr[0])
        return read_address(find->ssh_public_addr, PORT_SSH, used, ret);
    if (find->public_addr[0])
        return read_host(find->public_addr, PORT_SSH, used, ret);
    if (find->ssh_listen_addr[0])
        return read_address(find->ssh_listen_addr, PORT_SSH, used, ret);
    return read_host(used->host, PORT_SSH, used, ret);
}

RESULT webapi_find_kube(const struct webapi_find *find, const struct address *used,
                        struct address *ret)
{
    if (find->has_tls_routing)
        return webapi_find_web(find, used, ret);
    if (find->kube_public_addr[0])
        return read_address(find->kube_public_addr, PORT_KUBE, used, ret);
    uint16_t port = 0;
    TRY(read_port(find->kube_listen_addr, PORT_KUBE, used, &port));
    return read_host(find->public_addr[0] ? find->public_addr : used->host, port, used, ret);
}

RESULT webapi_find_tunnel(const struct webapi_find *find, const char *given,
                          const struct address *used, struct address *ret)
{
    if (given && given[0])
        return address_parse(given, PORT_TUNNEL, ret);
    if (find->has_tls_routing)
        return webapi_find_web(find, used, ret);
    uint16_t port = 0;
    TRY(read_port(find->tunnel_listen_addr, PORT_TUNNEL, used, &port));
    if (find->tunnel_public_addr[0])
        return read_address(find->tunnel_public_addr, port, used, ret);
    if (find->ssh_public_addr[0])
        return read_host(find->ssh_public_addr, port, used, ret);
    if (find->public_addr[0])
        return read_host(find->public_addr, port, used, ret);
    if (find->tunnel_listen_addr[0])
        return read_address(find->tunnel_listen_addr, port, used, ret);
    return webapi_find_web(find, used, ret);
}
