/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_X509SIGN_H
#define TBOT_AUTHORITY_X509SIGN_H

/*
 * Makes X.509 certificates: the authorities' own, and the leaves they sign.
 *
 * Everything a Teleport cluster says of a user stands in the subject's name, in attributes under
 * 1.3.9999; a subject is built with x509sign_subject_add(), one attribute each time. Errors:
 * ERR_CRYPTO.
 */

#include "base/clock.h"
#include "base/entropy.h"

#include <openssl/types.h>

/* Attributes of a subject. */
#define X509SIGN_CN "2.5.4.3"
#define X509SIGN_O "2.5.4.10"
#define X509SIGN_L "2.5.4.7"
#define X509SIGN_STREET "2.5.4.9"
#define X509SIGN_SERIAL_NUMBER "2.5.4.5"
#define X509SIGN_CLUSTER "1.3.9999.1.7"
#define X509SIGN_RENEWABLE "1.3.9999.1.13"
#define X509SIGN_GENERATION "1.3.9999.1.14"
#define X509SIGN_IMPERSONATOR "1.3.9999.2.7"
#define X509SIGN_DISALLOW_REISSUE "1.3.9999.2.9"
#define X509SIGN_BOT_NAME "1.3.9999.2.18"
#define X509SIGN_BOT_INSTANCE "1.3.9999.2.20"

/* One more attribute, as an RDN of its own. NULL and "" add nothing. */
RESULT x509sign_subject_add(X509_NAME *subject, const char *oid, const char *value);

/* A self-signed authority: subject O = CN = `cluster` and a serial number; valid for ten years. */
RESULT x509sign_ca(EVP_PKEY *key, const char *cluster, struct wall now,
                   const struct entropy *entropy, X509 **ret);

struct x509sign_leaf {
    EVP_PKEY *public_key;
    const X509_NAME *subject;
    const char *alt_names; /* OpenSSL's form, "DNS:localhost,IP:127.0.0.1"; NULL: none */
    struct wall not_before;
    struct wall not_after;
};

/* A leaf for TLS, client and server. */
RESULT x509sign_leaf(const struct x509sign_leaf *leaf, X509 *issuer, EVP_PKEY *issuer_key,
                     const struct entropy *entropy, X509 **ret);

RESULT x509sign_to_pem(const X509 *cert, struct buf *out);
RESULT x509sign_to_der(const X509 *cert, struct buf *out);

/* One certificate. */
RESULT x509sign_from_pem(struct bytes pem, X509 **ret);

/* "sha256:HEX" over the public key: what `ca_pins` holds. */
RESULT x509sign_pin(const X509 *cert, struct buf *out);

#endif
