/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_ISSUE_H
#define TBOT_AUTHORITY_ISSUE_H

/*
 * The pair of certificates, TLS and SSH, that says who somebody is.
 *
 * What they say was decided before; here it is written in the two forms the cluster uses. Errors:
 * ERR_CRYPTO.
 */

#include "authority/ca.h"

struct issue {
    const char *cluster;
    const char *user; /* "bot-NAME" */
    const char *bot_name;
    const char *instance_id; /* NULL or "": not in the certificate */
    const struct strlist *roles;
    const char *route_to_cluster;
    /* The bot's own identity: both set. An identity made for an output: neither, impersonated. */
    bool is_renewable;
    int64_t generation;
    bool is_impersonated;
    struct bytes ssh_key; /* blob */
    EVP_PKEY *tls_key;
    struct wall not_before;
    struct wall not_after;
};

/* Adds the TLS certificate as PEM and the SSH certificate as one line. */
RESULT issue_certs(const struct issue *issue, const struct ca_keys *user_ca,
                   const struct entropy *entropy, struct buf *tls, struct buf *ssh);

#endif
