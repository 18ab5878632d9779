/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ACCESS_H
#define TBOT_DIAG_ACCESS_H

/*
 * Who may ask what. Pure: where a request came in and what it proved go in, the verdict comes out.
 *
 *     from                         probes  metrics  details  changes   debug
 *     Unix socket (its peer uid)     ✓        ✓        ✓        ✓      with --debug
 *     a client certificate listed    ✓        ✓        ✓        ✓      with --debug
 *     a bearer token                 ✓        ✓        ✓     its right  its right and --debug
 *     TCP on loopback                ✓        ✓        ✓        –        –
 *     TCP elsewhere, plain or not    ✓        ✓        –        –        –
 *     plain TCP, `unsafe_plain`      ✓        ✓        ✓        –        –
 *
 * A token or a certificate that proves nothing is not the same as none: a wrong token is refused with
 * 401 everywhere, so that its owner learns of it; a certificate that verifies and is not listed counts as
 * none; one that does not verify ends the handshake.
 *
 * Where details are withheld a probe is still answered, with its code and without the reason: a
 * kubelet needs no more, and a stranger gets no more. On plain loopback the Host header must name
 * this machine: a page in somebody's browser can make it send requests there (DNS rebinding).
 */

#include "base/err.h"

enum diag_right {
    DIAG_PROBE, /* is it alive, ready, serving: the code alone */
    DIAG_METRICS,
    DIAG_DETAILS, /* reasons, names, addresses */
    DIAG_CHANGE,  /* renew, reload, the log's level, shutdown */
    DIAG_DEBUG,   /* profiles, dumps */
};

enum diag_origin {
    DIAG_FROM_SOCKET, /* the Unix socket */
    DIAG_FROM_LOOPBACK,
    DIAG_FROM_NETWORK,
};

struct diag_asker {
    enum diag_origin origin;
    bool is_tls;
    bool is_peer_allowed; /* SOCKET: the peer is root or runs as we do */
    bool is_known;        /* mutual TLS: the certificate is on the list */
    bool had_token;       /* an Authorization header came */
    bool is_token_valid;
    bool may_change, may_debug; /* what the valid token is for */
    const char *name;           /* of the token or in the certificate; NULL: neither. For the log */
    const char *host;           /* the Host header; NULL: none */
};

struct diag_policy {
    bool is_debug;     /* --debug */
    bool unsafe_plain; /* details on the network too, without TLS: who has that can prove himself */
};

enum diag_verdict {
    DIAG_ALLOW,
    DIAG_UNAUTHORIZED, /* 401: a token is missing or wrong */
    DIAG_FORBIDDEN,    /* 403 */
    DIAG_ABSENT,       /* 404: as if it did not exist: debugging is off */
    DIAG_MISDIRECTED,  /* 421: the Host header does not name us */
};

enum diag_verdict diag_access(const struct diag_policy *policy, const struct diag_asker *asker,
                              enum diag_right right);

#endif
