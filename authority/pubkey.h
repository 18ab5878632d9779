/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_PUBKEY_H
#define TBOT_AUTHORITY_PUBKEY_H

/*
 * The public keys clients send, in each of the four forms they come in.
 *
 * A request to certify one key pair holds an SSH blob (RFC 4253 6.6) and an OpenSSL key; up to
 * version 16 only the SSH form is sent and the other is made from it. RSA from 2048 to 8192 bits,
 * ECDSA over P-256, Ed25519. Whatever else: ERR_CRYPTO, in Teleport's words where a client could look
 * for them.
 */

#include "base/buf.h"

#include <openssl/types.h>

/* The largest public key, in any form. */
#define PUBKEY_MAX (16 * 1024)

/* "ssh-ed25519 AAAA… comment" → the SSH blob, added to `out`. */
RESULT pubkey_blob_of_line(struct bytes line, struct buf *out);

/* The SSH blob → OpenSSL's form; checks the blob to its last byte. */
RESULT pubkey_of_blob(struct bytes blob, EVP_PKEY **ret);

/* RSA by its numbers, big-endian. */
RESULT pubkey_of_rsa(struct bytes modulus, struct bytes exponent, EVP_PKEY **ret);

#define PUBKEY_P256_SIZE 32 /* of one coordinate */

/* ECDSA by a point of P-256, uncompressed (SEC 1 section 2.3.3). */
RESULT pubkey_of_p256(struct bytes point, EVP_PKEY **ret);

/* PEM: SubjectPublicKeyInfo under any label, or PKCS#1 under `RSA PUBLIC KEY`. */
RESULT pubkey_of_pem(struct bytes pem, EVP_PKEY **ret);

/* SubjectPublicKeyInfo as DER. */
RESULT pubkey_of_der(struct bytes der, EVP_PKEY **ret);

#endif
