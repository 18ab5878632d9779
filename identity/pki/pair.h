/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_PAIR_H
#define TBOT_IDENTITY_PKI_PAIR_H

/*
 * A certificate with its chain and its key as other programs issue them, e.g. for a server of ours: keys
 * of every kind that OpenSSL knows, not only those of a Teleport identity (identity/pki/key.h).
 */

#include "base/buf.h"

#include <openssl/types.h>

struct stack_st_X509;

struct pair {
    X509 *cert;                  /* the leaf */
    struct stack_st_X509 *chain; /* what followed it; may be empty */
    EVP_PKEY *key;
};

/*
 * From PEM texts: the leaf and then the chain, and the key, which must be the leaf's. ERR_CRYPTO says
 * what is wrong.
 */
RESULT pair_from_pem(struct bytes certs, struct bytes key, struct pair *ret);

void pair_release(struct pair *p);

#endif
