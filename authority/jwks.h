/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_JWKS_H
#define TBOT_AUTHORITY_JWKS_H

/*
 * The public keys of somebody who signs JWTs, as a set (RFC 7517): what a Kubernetes cluster answers on
 * /openid/v1/jwks. RS256 and ES256; keys of other kinds are passed over.
 *
 * Threads: immutable once parsed.
 */

#include "base/buf.h"

#include <openssl/types.h>

#define JWKS_MAX (64 * 1024)
#define JWKS_MAX_KEYS 16
#define JWKS_KEY_ID_SIZE 128

struct jwk {
    char id[JWKS_KEY_ID_SIZE]; /* "": none */
    bool is_ec;                /* ES256; else RS256 */
    EVP_PKEY *key;
};

/* Zero-initialised is empty. */
struct jwks {
    struct jwk keys[JWKS_MAX_KEYS];
    size_t len;
};
void jwks_release(struct jwks *j);

/* ERR_CONFIG for what is no such set, or has no key we know. */
RESULT jwks_parse(struct bytes json, struct jwks *ret);

/*
 * Adds the payload of a compact JWS (RFC 7515), if one of the keys signed it; with `kid` in its header
 * only that one. ERR_DENIED. What the payload claims is the caller's to judge.
 */
RESULT jwks_verify(const struct jwks *j, const char *jws, struct buf *out);

#endif
