/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_TLS_KEYS_H
#define TBOT_DIAG_TLS_KEYS_H

/*
 * Which certificate https:// addresses of the diagnostics show, and which clients are known by theirs.
 *
 * The certificate is that of the files, or the agent's own identity. Files are looked at when somebody
 * connects, once a second at most, and read again when one of them changed; links are followed, as secret
 * managers swap those. What cannot be used (the key is another's, a file is gone) leaves what was in use
 * before, and the log says so once. The files belong on a local filesystem: they are read in the loop.
 *
 * With a list of names, clients are asked for a certificate. One that is shown must lead to a CA of
 * `client_ca`, or of the agent's own identity, else the handshake ends; then its owner is known if one
 * of its names is on the list. Of the cluster's CAs, which come with the identity, no DNS name counts: a
 * machine chooses its own when it joins.
 *
 * Threads: one at a time.
 */

#include "base/clock.h"
#include "base/strlist.h"
#include "base/tls.h"
#include "diag/core/log.h"

/* All is borrowed, and outlives whoever is configured with it. */
struct diag_tls_config {
    const char *cert, *key; /* PEM files, the leaf first; NULL both: the agent's own identity */
    const char *client_ca;  /* PEM file; NULL: the CAs that came with the agent's own identity */
    const struct strlist *allow; /* names, see identity/pki/x509.h. NULL, empty: nobody is asked */
};

struct diag_tls_keys;
struct credentials;

/*
 * ERR_CONFIG for settings that do not go together, and for files that cannot be used. One that is not
 * there is waited for, with a warning: whoever makes it may start after us.
 */
RESULT diag_tls_keys_new(const struct diag_tls_config *config, struct log *log,
                         struct diag_tls_keys **ret);
void diag_tls_keys_free(struct diag_tls_keys *k); /* accepts NULL */
DEFINE_FREEP(diag_tls_keys)

/* The agent's own identity, from now on. A reference is added. */
void diag_tls_keys_use(struct diag_tls_keys *k, struct credentials *own);

/* For a handshake that begins now; until the next call. NULL: there is no certificate yet. */
struct tls_server *diag_tls_keys_get(struct diag_tls_keys *k, struct mono now);

/* The name on the list that a verified certificate is made out to; NULL: none, or no certificate. */
const char *diag_tls_keys_known(const struct diag_tls_keys *k, const struct x509_st *cert);

#endif
