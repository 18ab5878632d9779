/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_WEBAPI_H
#define TBOT_TRANSPORT_WEBAPI_H

/*
 * What is asked of a cluster over plain HTTP: the proxy's description of itself, joining by token,
 * and the leaf clusters of old servers.
 *
 *     const struct webapi api = {.stream = &stream, .host = "proxy.example.com:3080", .ctx = ctx};
 *     struct webapi_find find;
 *     TRY(webapi_discover(&api, &find));
 *     TRY(webapi_find_tunnel(&find, getenv("TELEPORT_TUNNEL_PUBLIC_ADDR"), &used, &tunnel));
 *
 * Each call uses its connection up: see transport/http.h.
 *
 * Errors: those of http_exchange(), ERR_PROTOCOL for an answer that makes no sense, and what
 * transport/status_map.h makes of a status other than 2xx and the message that comes with it.
 */

#include "identity/pki/key.h"
#include "proto/msg_certs.h"
#include "proto/msg_register.h"
#include "transport/address.h"
#include "transport/http.h"
#include "transport/version.h"

/* Who is asked. All borrowed. */
struct webapi {
    const struct http_stream *stream;
    const char *host; /* as in struct http_request; ADDRESS_ANY_CLUSTER for an auth server */
    const struct ctx *ctx;
};

#define WEBAPI_TEXT_SIZE 256

/*
 * The proxy's description of itself. A plain value: nothing to release. Texts are "" where the
 * proxy is silent; addresses are as it sent them, the functions below read them.
 */
struct webapi_find {
    char cluster_name[WEBAPI_TEXT_SIZE];   /* never empty */
    char server_version[WEBAPI_TEXT_SIZE]; /* "15.4.2" */
    unsigned server_major;
    char min_client_version[WEBAPI_TEXT_SIZE];
    char edition[WEBAPI_TEXT_SIZE]; /* from version 17: "oss", "ent", "community" */
    enum suite suite;               /* SUITE_LEGACY before version 17 */
    bool has_tls_routing;           /* one port for everything */
    char web_listen_addr[WEBAPI_TEXT_SIZE];
    char public_addr[WEBAPI_TEXT_SIZE]; /* of the web port */
    char ssh_listen_addr[WEBAPI_TEXT_SIZE];
    char ssh_public_addr[WEBAPI_TEXT_SIZE];
    char tunnel_listen_addr[WEBAPI_TEXT_SIZE];
    char tunnel_public_addr[WEBAPI_TEXT_SIZE];
    bool has_kube;
    char kube_listen_addr[WEBAPI_TEXT_SIZE];
    char kube_public_addr[WEBAPI_TEXT_SIZE];
    struct wall date; /* when it answered, by its own clock; WALL_NONE when it does not say */
    struct mono asked, answered; /* the same by ours */
};

/* GET /webapi/find, at a proxy. */
RESULT webapi_discover(const struct webapi *api, struct webapi_find *ret);

/*
 * Where a proxy's ports are reached. `used` is the address it was asked at: its host stands in
 * where the proxy names none of its own (0.0.0.0, ::), its port where it says nothing at all.
 * ERR_PROTOCOL for an address that cannot be read.
 */
RESULT webapi_find_web(const struct webapi_find *find, const struct address *used,
                       struct address *ret);
RESULT webapi_find_ssh(const struct webapi_find *find, const struct address *used,
                       struct address *ret);
/* Meaningful where has_kube is set. */
RESULT webapi_find_kube(const struct webapi_find *find, const struct address *used,
                        struct address *ret);

/*
 * The SSH reverse tunnel's. `given` is what a person set instead, NULL or "" for nothing: it wins,
 * and is their mistake when it cannot be read: ERR_CONFIG.
 */
RESULT webapi_find_tunnel(const struct webapi_find *find, const char *given,
                          const struct address *used, struct address *ret);

enum webapi_server {
    WEBAPI_PROXY, /* every version */
    WEBAPI_AUTH,  /* versions 15 and 16 */
};

/*
 * Joins with a token. A token may be gone afterwards, also when this fails: no failure says that
 * the server did nothing. The texts of the reply are not checked beyond being texts.
 */
RESULT webapi_register(const struct webapi *api, enum webapi_server server,
                       const struct msg_register_request *request, struct msg_certs *ret);

/* GET /v2/remoteclusters, at an auth server before version 16: adds the leaf clusters' names. */
RESULT webapi_remote_clusters(const struct webapi *api, struct strlist *ret);

#endif
