/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_OSSL_H
#define TBOT_IDENTITY_PKI_OSSL_H

/*
 * CLEANUP() helpers for OpenSSL's types. All accept NULL.
 *
 *     CLEANUP(x509_freep) X509 *cert = NULL;
 */

#include "base/cleanup.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static inline void bio_freep(BIO **p)
{
    BIO_free(*p);
}

static inline void bn_freep(BIGNUM **p)
{
    BN_free(*p);
}

static inline void evp_pkey_freep(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

static inline void evp_md_ctx_freep(EVP_MD_CTX **p)
{
    EVP_MD_CTX_free(*p);
}

static inline void x509_freep(X509 **p)
{
    X509_free(*p);
}

/* The list and the certificates in it. */
static inline void x509_stack_freep(struct stack_st_X509 **p)
{
    sk_X509_pop_free(*p, X509_free);
}

static inline void asn1_object_freep(ASN1_OBJECT **p)
{
    ASN1_OBJECT_free(*p);
}

/* For what OpenSSL allocated with OPENSSL_malloc(). */
static inline void ossl_freep(void *p)
{
    OPENSSL_free(*(void **)p);
}

#endif
