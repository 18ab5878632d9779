/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/route.h"

#include <stdio.h>
#include <string.h>

/*
 * The proxy routes by the first entry of our list it knows, and negotiates by its own preference,
 * in which h2 comes first. So the entry that routes always leads and h2 follows.
 */
#define ALPN_H2 "h2"
#define ALPN_HTTP "http/1.1"
#define ALPN_AUTH "teleport-auth@"
#define ALPN_JOIN "teleport-proxy-grpc"
#define ALPN_SSH "teleport-proxy-ssh-grpc"

const char *route_name(enum route r)
{
    return r == ROUTE_TLS_ROUTING ? "tls-routing" : "direct";
}

static void begin(struct route_tls *t, const char *first, const char *required)
{
    *t = (struct route_tls){0};
    snprintf(t->first_alpn, sizeof(t->first_alpn), "%s", first);
    t->alpn[0] = t->first_alpn;
    t->alpn[1] = strcmp(first, required) == 0 ? NULL : required;
    t->config.alpn = t->alpn;
    t->config.require_alpn = required;
}

/* The same name is sent and verified: servers choose the CAs they accept by the one we send. */
static void set_name(struct route_tls *t)
{
    t->config.sni = t->name;
    t->config.verify_name = t->name;
}

static void set_trust(struct route_tls *t, const struct route_trust *trust)
{
    t->config.verify = trust->roots ? TLS_VERIFY_ROOTS : TLS_VERIFY_NONE;
    t->config.roots = trust->roots;
    t->config.cert = trust->cert;
    t->config.key = trust->key;
}

static RESULT name_cluster(struct route_tls *t, const char *cluster)
{
    if (cluster)
        TRY(address_of_cluster(cluster, t->name));
    else
        snprintf(t->name, sizeof(t->name), "%s", ADDRESS_ANY_CLUSTER);
    set_name(t);
    return NULL;
}

RESULT route_auth(enum route r, const char *cluster, const struct route_trust *trust,
                  struct route_tls *ret)
{
    begin(ret, ALPN_H2, ALPN_H2);
    TRY(name_cluster(ret, cluster));
    set_trust(ret, trust);
    if (r == ROUTE_DIRECT)
        return NULL;
    if (!cluster)
        return err_new(ERR_BUG, "a route through the proxy without the cluster's name");
    /* address_of_cluster() leaves room for exactly this. */
    memcpy(ret->first_alpn, ALPN_AUTH, sizeof(ALPN_AUTH) - 1);
    memcpy(ret->first_alpn + sizeof(ALPN_AUTH) - 1, ret->name,
           sizeof(ret->first_alpn) - sizeof(ALPN_AUTH) + 1);
    ret->alpn[1] = ALPN_H2;
    return NULL;
}

RESULT route_auth_http(enum route r, const char *cluster, const struct route_trust *trust,
                       struct route_tls *ret)
{
    TRY(route_auth(r, cluster, trust, ret));
    ret->config.require_alpn = NULL; /* some servers select nothing, which means the same */
    ret->alpn[r == ROUTE_DIRECT ? 0 : 1] = ALPN_HTTP;
    return NULL;
}

static void set_proxy(struct route_tls *t, const struct address *proxy, bool insecure)
{
    snprintf(t->name, sizeof(t->name), "%s", proxy->host);
    set_name(t);
    if (address_is_ip(proxy))
        t->config.sni = NULL; /* RFC 6066 3: literal addresses are not permitted */
    t->config.verify = insecure ? TLS_VERIFY_NONE : TLS_VERIFY_SYSTEM;
}

void route_web(const struct address *proxy, bool insecure, struct route_tls *ret)
{
    begin(ret, ALPN_HTTP, ALPN_HTTP);
    ret->config.require_alpn = NULL;
    set_proxy(ret, proxy, insecure);
}

void route_join(const struct address *proxy, bool insecure, struct route_tls *ret)
{
    begin(ret, ALPN_JOIN, ALPN_H2);
    set_proxy(ret, proxy, insecure);
}

RESULT route_ssh(const char *cluster, const struct route_trust *trust, struct route_tls *ret)
{
    begin(ret, ALPN_SSH, ALPN_H2);
    ret->config.require_alpn = NULL; /* version 15 routes by the first name and selects none */
    TRY(name_cluster(ret, cluster));
    set_trust(ret, trust);
    return NULL;
}
