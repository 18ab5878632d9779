/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_SSHCERT_H
#define TBOT_IDENTITY_PKI_SSHCERT_H

/*
 * Reads OpenSSH certificates (OpenSSH's PROTOCOL.certkeys): RSA, ECDSA, Ed25519; user and host.
 *
 * Strict: lengths that do not add up, options out of order, bytes behind the end are refused with
 * ERR_CRYPTO. The CA's signature is taken apart but not verified: who must trust a certificate
 * verifies it against the CA of their choice.
 */

#include "base/clock.h"
#include "base/strlist.h"

enum sshcert_kind {
    SSHCERT_USER = 1,
    SSHCERT_HOST = 2,
};

/* The most principals, and options of one sort, that are read. */
#define SSHCERT_PRINCIPALS_MAX 1024
#define SSHCERT_OPTIONS_MAX 256

/* Names and values side by side; a flag such as "permit-pty" has the value "". */
struct sshcert_options {
    struct strlist names;
    struct strlist values;
};

/* Read-only. Views live as long as the certificate. */
struct sshcert {
    struct buf blob;      /* the whole, as signed and sent */
    const char *type;     /* "ssh-ed25519-cert-v01@openssh.com": static text */
    const char *key_type; /* of the plain key, "ssh-ed25519": static text */
    struct bytes key;     /* the key's own fields, without the type in front */
    uint64_t serial;
    enum sshcert_kind kind;
    char *key_id;
    struct strlist principals; /* empty: any */
    struct wall valid_after;   /* WALL_NONE: from ever */
    struct wall valid_before;  /* WALL_NEVER: for ever */
    struct sshcert_options critical;
    struct sshcert_options extensions;
    struct bytes ca_key; /* the signing key's blob */
};

/* "TYPE BASE64 [COMMENT]", one line. */
RESULT sshcert_from_line(struct bytes line, struct sshcert **ret);

/* The wire form. */
RESULT sshcert_from_blob(struct bytes blob, struct sshcert **ret);

void sshcert_free(struct sshcert *c); /* accepts NULL */
DEFINE_FREEP(sshcert)

/* Adds the certified key as a plain SSH key blob: what key_public_ssh_blob() gives for the same
 * key. */
RESULT sshcert_public_blob(const struct sshcert *c, struct buf *out);

/* The value of an option, "" for a flag, NULL when it is not there. */
const char *sshcert_option(const struct sshcert_options *options, const char *name);

#endif
