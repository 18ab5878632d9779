/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_PKI_FIXTURE_H
#define TBOT_TESTS_SUPPORT_PKI_FIXTURE_H

/*
 * Identities for tests, made on the spot by a CA that lives as long as the process: the
 * certificates look as Teleport issues them. Everything that fails ends the test. What is returned
 * is the caller's.
 */

#include "identity/pki/credentials.h"
#include "identity/pki/oid.h"

/* 2096-10-02T07:06:40Z: what a fixture is valid until when nothing else is said. */
#define FIXTURE_NOT_AFTER 4000000000
#define FIXTURE_NOT_BEFORE 1700000000
#define FIXTURE_CLUSTER "cluster.example"

/* Zero means: the default. */
struct fixture {
    const char *user;   /* "bot-test" */
    int64_t generation; /* none */
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    const char *const *attributes; /* more of the subject: OID, value, OID, value, …, NULL */
    struct key *key;               /* a new P-256 key; borrowed */
};

struct credentials *fixture_credentials(const struct fixture *f);

/* The parts. `f->key` must be there. */
X509 *fixture_cert(const struct fixture *f);
char *fixture_tls_pem(const struct fixture *f);
char *fixture_ssh_line(const struct fixture *f);

/* The CA. */
char *fixture_ca_pem(void);
char *fixture_ssh_ca_line(void);

/* A CA certificate of its own, for lists with several. */
X509 *fixture_new_ca(const char *name);

struct key *fixture_key(enum key_kind kind);

/*
 * An SSH certificate from its fields, signed by the CA. `body` is what stands between the key and
 * the signature key; `type` may be anything.
 */
void fixture_ssh_blob(const char *type, struct bytes key_fields, struct bytes body,
                      struct buf *out);

/* serial, kind, key id, principals, validity, options: what `body` is by default. */
void fixture_ssh_body(const struct fixture *f, struct buf *out);

char *fixture_pem(const X509 *cert);

#endif
