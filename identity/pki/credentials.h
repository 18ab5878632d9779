/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_CREDENTIALS_H
#define TBOT_IDENTITY_PKI_CREDENTIALS_H

/*
 * A whole identity: one private key, the TLS and the SSH certificate over it, and the CAs that came
 * with them. Immutable, reference counted (atomic): the connection, the stored copy and a file
 * writer hold the same one.
 *
 * credentials_new() refuses what does not belong together (Teleport's own checks): both
 * certificates parse, both are over this key, at least one TLS CA, at least one principal in the
 * SSH certificate. Expiry is not checked: credentials_expired() asks with a clock.
 */

#include "base/clock.h"
#include "base/strlist.h"
#include "identity/pki/key.h"

struct credentials;

struct credentials_parts {
    struct key *key;               /* a reference is added */
    struct bytes tls_cert;         /* PEM, the leaf */
    struct bytes ssh_cert;         /* one line, "…-cert-v01@openssh.com AAAA… [comment]" */
    const struct strlist *tls_cas; /* PEM, one or several certificates each */
    const struct strlist *ssh_cas; /* authorized_keys lines; may be empty */
};

/* ERR_CRYPTO, naming the part and the reason. */
RESULT credentials_new(const struct credentials_parts *parts, struct credentials **ret);

struct credentials *credentials_ref(struct credentials *c);
void credentials_free(struct credentials *c); /* accepts NULL */
DEFINE_FREEP(credentials)

/* What the subject of the TLS certificate says (OIDs 1.3.9999.…); all borrowed. */
struct subject {
    const char *username;        /* CN, "bot-NAME" */
    const char *cluster;         /* issuer O */
    const struct strlist *roles; /* O */
    bool renewable;              /* 1.13 */
    int64_t generation;          /* 1.14; 0: none */
    const char *bot_name;        /* 2.18, or the user name without "bot-" */
    const char *bot_instance;    /* 2.20, NULL before 16.2 */
    const char *routed_to;       /* street: a leaf cluster; NULL, or the same: `cluster` */
    bool disallow_reissue;       /* 2.9 */
};
const struct subject *credentials_subject(const struct credentials *c);

struct wall credentials_not_before(const struct credentials *c);
struct wall credentials_not_after(const struct credentials *c);
bool credentials_expired(const struct credentials *c, struct wall now);

/* The serial number in lower-case hex. */
const char *credentials_serial(const struct credentials *c);

/* Borrowed parts. */
struct key *credentials_key(const struct credentials *c);
X509 *credentials_cert(const struct credentials *c);
STACK_OF(X509) * credentials_roots(const struct credentials *c); /* every TLS CA, parsed */
const char *credentials_tls_pem(const struct credentials *c);    /* ends with a newline */
const char *credentials_ssh_line(const struct credentials *c);   /* ends with a newline */
const struct strlist *credentials_tls_cas(const struct credentials *c);
const struct strlist *credentials_ssh_cas(const struct credentials *c);

/* A copy with other CAs (outputs: the host CA is added, the SSH CAs are the bot's own). */
RESULT credentials_with_cas(const struct credentials *c, const struct strlist *tls_cas,
                            const struct strlist *ssh_cas, struct credentials **ret);

#endif
