/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_ROUTE_H
#define TBOT_TRANSPORT_ROUTE_H

/*
 * How a TLS connection names what it wants: server name, ALPN list, what to verify and which
 * certificate to show, for each way to each service.
 *
 *     struct route_tls tls;
 *     TRY(route_auth(ROUTE_TLS_ROUTING, "example", &peer, &tls));
 *     TRY(dial_tls(&web_address, &tls.config, ctx, &stream));
 *
 * A struct route_tls points into itself: it is used where it was filled in and not copied. What a
 * struct route_trust refers to must outlive it.
 */

#include "base/tls.h"
#include "transport/address.h"

enum route {
    ROUTE_DIRECT,      /* TLS to the auth server's own port */
    ROUTE_TLS_ROUTING, /* through the proxy's web port, which routes by ALPN and does not decrypt */
};

/* "direct", "tls-routing" */
const char *route_name(enum route r);

/* What we verify the server with, and who we are. */
struct route_trust {
    struct stack_st_X509 *roots; /* the cluster's host CAs; NULL: anybody (insecure, pinning) */
    struct x509_st *cert;        /* NULL: we show none */
    struct evp_pkey_st *key;
};

struct route_tls {
    struct tls_client_config config;
    char name[ADDRESS_NAME_SIZE];
    char first_alpn[ADDRESS_NAME_SIZE];
    const char *alpn[3];
};

/* gRPC to the auth server. `cluster` may be NULL where the cluster's name is not known, and then only
 * for ROUTE_DIRECT. */
RESULT route_auth(enum route r, const char *cluster, const struct route_trust *trust,
                  struct route_tls *ret);

/* HTTP/1.1 to the auth server's own port: what servers up to version 15 need besides gRPC. */
RESULT route_auth_http(enum route r, const char *cluster, const struct route_trust *trust,
                       struct route_tls *ret);

/* The proxy's web API, HTTP/1.1, verified with the system's roots unless `insecure`. */
void route_web(const struct address *proxy, bool insecure, struct route_tls *ret);

/* The proxy's join service, gRPC, verified like the web API. */
void route_join(const struct address *proxy, bool insecure, struct route_tls *ret);

/* The proxy's transport service, gRPC; wants our certificate. */
RESULT route_ssh(const char *cluster, const struct route_trust *trust, struct route_tls *ret);

#endif
