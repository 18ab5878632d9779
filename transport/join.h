/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_JOIN_H
#define TBOT_TRANSPORT_JOIN_H

/*
 * Joins a cluster with a token: the first contact, before there are credentials; and, for the methods
 * whose proof is a JWT of somebody the cluster trusts, each renewal. The token of such a method is the
 * name of a resource of the cluster, no secret, and good for any number of joins; the identity that comes
 * of it cannot be renewed.
 *
 * At an auth server, trust comes from CA pins (the CA is fetched over an unverified connection, every
 * certificate must match a pin, and only then a verified connection carries the token), from CA
 * certificates, or from nowhere: then the join is unverified, and the result says so. At a proxy it
 * comes from the web's roots; pins play no part there. Having tried one way unsuccessfully, the
 * other is tried only while the token cannot have been used up, and never as a way round a
 * certificate that was refused: after ERR_UNTRUSTED only a way that is verified itself.
 *
 * How it is asked follows the server's version: the join stream from 18, RegisterUsingToken from 16
 * at auth servers, HTTP elsewhere; a server that does not know a call is asked in the older form.
 *
 * Errors: as everywhere in transport/; ERR_DENIED for a token that is unknown, used or expired;
 * ERR_CONFIG for pins and CA files that cannot be read.
 */

#include "base/secret.h"
#include "identity/pki/credentials.h"
#include "transport/path.h"
#include "transport/version.h"

#define JOIN_CLUSTER_SIZE 256

/* How it went, as far as it went. */
struct join_report {
    char cluster[JOIN_CLUSTER_SIZE];
    char server_version[VERSION_SIZE];
    enum suite suite;
    enum route via;         /* ROUTE_DIRECT: at the auth server; ROUTE_TLS_ROUTING: at the proxy */
    bool is_unverified;     /* nothing vouched for the server: to be told to a person */
    bool token_was_shown;   /* somebody has read the token, and the JWT */
    bool token_may_be_used; /* the server may have taken the token, also when no answer came; never
                             * where that is not used up */
};

struct join_config {
    struct address address;
    enum path_kind kind;
    const struct secret *token;
    const char *method;            /* static text, such as "kubernetes"; NULL: "token" */
    const struct secret *id_token; /* the JWT, printable ASCII; NULL: `method` is "token" */
    struct wall expires;           /* WALL_NONE: the server's default */
    const struct strlist *ca_pins; /* "sha256:…"; NULL: none */
    const char *ca_path;           /* PEM file; NULL or "": none. Pins win */
    bool insecure;                 /* verify nothing */

    /* Makes or takes the key for the cluster's suite: one for each form of joining that is tried. */
    struct err *(*make_key)(void *arg, enum suite suite, struct key **ret);
    void *arg;

    /* Ends a request that has the token in it, instead of that of `ctx`, which ends everything before:
     * without the reply a token for one use is lost. NULL: nothing does but the deadline. */
    struct cancel *patience;

    struct join_report *report; /* filled in on every outcome; NULL: not wanted */
};

RESULT join_by_token(const struct join_config *config, const struct ctx *ctx,
                     struct credentials **ret);

#endif
