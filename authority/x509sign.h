/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_X509SIGN_H
#define TBOT_AUTHORITY_X509SIGN_H

/*
 * Makes X.509 certificates: the authorities' own, and the leaves they sign.
 *
 * Everything a Teleport cluster says of a user stands in the subject's name, in attributes under
 * 1.3.9999 (identity/pki/oid.h); a subject is built with x509sign_subject_add(), one attribute each
 * time. Errors: ERR_CRYPTO.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/entropy.h"

#include <openssl/types.h>

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

RESULT x509sign_to_der(const X509 *cert, struct buf *out);

#endif
