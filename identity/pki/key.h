/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_KEY_H
#define TBOT_IDENTITY_PKI_KEY_H

/*
 * Private keys of a machine: RSA-2048, ECDSA P-256, Ed25519.
 *
 * A `struct key` is immutable and reference counted, so that a credential, a connection and a file
 * writer can hold the same one; counting is atomic. OpenSSL keeps the secret part.
 */

#include "base/secret.h"

#include <openssl/types.h>

enum key_kind {
    KEY_RSA_2048,
    KEY_ECDSA_P256,
    KEY_ED25519,
};

/* "rsa-2048", "ecdsa-p256", "ed25519". */
const char *key_kind_name(enum key_kind kind);

/* The cluster's signature algorithm suite; unknown and absent mean legacy. */
enum suite {
    SUITE_LEGACY = 1,
    SUITE_BALANCED_V1,
    SUITE_FIPS_V1,
    SUITE_HSM_V1,
};

/* From the text of `/webapi/find` ("balanced-v1") or NULL. */
enum suite suite_parse(const char *text);
/* From the enum of `Ping`. */
enum suite suite_of_number(int64_t number);
const char *suite_name(enum suite suite);
/* The key for the bot's own identity and for outputs: RSA-2048 in legacy, else P-256. */
enum key_kind suite_identity_key(enum suite suite);

struct key;

/* Slow for RSA (0.2 s and more): workers only. */
RESULT key_generate(enum key_kind kind, struct key **ret);

/* PEM: PKCS#1 `RSA PRIVATE KEY`, SEC1 `EC PRIVATE KEY` or PKCS#8 `PRIVATE KEY`; not encrypted. */
RESULT key_from_pem(struct bytes pem, struct key **ret);

struct key *key_ref(struct key *k);
void key_free(struct key *k); /* drops one reference; accepts NULL */
DEFINE_FREEP(key)

enum key_kind key_get_kind(const struct key *k);

/* The private key as Teleport's tools keep it: RSA as PKCS#1, others as PKCS#8. */
RESULT key_to_pem(const struct key *k, struct secret **ret);

/* SubjectPublicKeyInfo as PEM, label `PUBLIC KEY`. */
RESULT key_public_pem(const struct key *k, struct buf *out);

/* The same in DER. */
RESULT key_public_der(const struct key *k, struct buf *out);

/* One authorized_keys line, "ssh-rsa AAAA…\n" (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4). */
RESULT key_public_ssh(const struct key *k, struct buf *out);

/* The SSH wire form, i.e. what the middle of that line encodes. */
RESULT key_public_ssh_blob(const struct key *k, struct buf *out);

/* Borrowed. */
EVP_PKEY *key_evp(const struct key *k);

bool key_equals(const struct key *a, const struct key *b);

#endif
