/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/key.h"

#include "identity/pki/key_decode.h"
#include "identity/pki/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <string.h>

#define RSA_BITS 2048

struct key {
    atomic_uint refs;
    enum key_kind kind;
    EVP_PKEY *evp;
};

const char *key_kind_name(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA_2048:
        return "rsa-2048";
    case KEY_ECDSA_P256:
        return "ecdsa-p256";
    case KEY_ED25519:
        return "ed25519";
    }
    return "unknown";
}

/* Takes `evp` over on success. */
static RESULT wrap_evp(enum key_kind kind, EVP_PKEY **evp, struct key **ret)
{
    struct key *k = malloc(sizeof(*k));
    if (!k)
        return err_nomem();
    *k = (struct key){.kind = kind, .evp = TAKE(*evp)};
    atomic_init(&k->refs, 1);
    *ret = k;
    return NULL;
}

static EVP_PKEY *generate_evp(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA_2048:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
    case KEY_ECDSA_P256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return NULL;
}

RESULT key_generate(enum key_kind kind, struct key **ret)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *evp = generate_evp(kind);
    if (!evp)
        return err_ossl("generating a key of kind '%s'", key_kind_name(kind));
    return wrap_evp(kind, &evp, ret);
}

static RESULT find_kind(const EVP_PKEY *evp, enum key_kind *ret)
{
    char group[32] = "";
    switch (EVP_PKEY_get_base_id(evp)) {
    case EVP_PKEY_RSA:
        if (EVP_PKEY_get_bits(evp) != RSA_BITS)
            return err_new(ERR_CRYPTO, "an RSA key of %d bits, only %d are supported",
                           EVP_PKEY_get_bits(evp), RSA_BITS);
        *ret = KEY_RSA_2048;
        return NULL;
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(evp, group, sizeof(group), NULL) != 1 ||
            strcmp(group, SN_X9_62_prime256v1) != 0)
            return err_new(ERR_CRYPTO, "an EC key on curve '%s', only P-256 is supported", group);
        *ret = KEY_ECDSA_P256;
        return NULL;
    case EVP_PKEY_ED25519:
        *ret = KEY_ED25519;
        return NULL;
    default:
        return err_new(ERR_CRYPTO, "a key of a kind that is not supported");
    }
}

/*
 * Signs and verifies once. What OpenSSL decodes it does not check, and a certificate only tells
 * that the public half is right: a damaged private half would show in the first handshake, too
 * late.
 */
static RESULT check_halves(EVP_PKEY *evp, enum key_kind kind)
{
    static const unsigned char text[] = "do the two halves of this key belong together";
    unsigned char signature[RSA_BITS / 8];
    size_t len = sizeof(signature);
    const char *digest = kind == KEY_ED25519 ? NULL : "SHA256";
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *sign = EVP_MD_CTX_new();
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *verify = EVP_MD_CTX_new();
    if (!sign || !verify)
        return err_nomem();
    if (EVP_DigestSignInit_ex(sign, NULL, digest, NULL, NULL, evp, NULL) != 1 ||
        EVP_DigestSign(sign, signature, &len, text, sizeof(text)) != 1 ||
        EVP_DigestVerifyInit_ex(verify, NULL, digest, NULL, NULL, evp, NULL) != 1 ||
        EVP_DigestVerify(verify, signature, len, text, sizeof(text)) != 1)
        return err_ossl("the private key does not belong to its own public key");
    return NULL;
}

RESULT key_from_pem(struct bytes pem, struct key **ret)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *evp = NULL;
    enum key_kind kind = KEY_RSA_2048;
    TRY(key_decode_pem(pem, &evp));
    TRY(find_kind(evp, &kind));
    TRY(check_halves(evp, kind));
    return wrap_evp(kind, &evp, ret);
}

struct key *key_ref(struct key *k)
{
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void key_free(struct key *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(k->evp);
    free(k);
}

enum key_kind key_get_kind(const struct key *k)
{
    return k->kind;
}

RESULT key_to_pem(const struct key *k, struct secret **ret)
{
    /* A memory BIO wipes what it held, also when it grows. */
    CLEANUP(bio_freep) BIO *out = BIO_new(BIO_s_secmem());
    if (!out)
        return err_nomem();
    int ok = k->kind == KEY_RSA_2048
                 ? PEM_write_bio_PrivateKey_traditional(out, k->evp, NULL, NULL, 0, NULL, NULL)
                 : PEM_write_bio_PKCS8PrivateKey(out, k->evp, NULL, NULL, 0, NULL, NULL);
    if (ok != 1)
        return err_ossl("encoding a private key");
    char *text = NULL;
    long len = BIO_get_mem_data(out, &text);
    return secret_new(text, (size_t)len, ret);
}

RESULT key_public_pem(const struct key *k, struct buf *out)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return err_nomem();
    if (PEM_write_bio_PUBKEY(bio, k->evp) != 1)
        return err_ossl("encoding a public key");
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    return buf_add(out, text, (size_t)len);
}

RESULT key_public_der(const struct key *k, struct buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(k->evp, &der);
    if (len <= 0)
        return err_ossl("encoding a public key");
    struct err *e = buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    return e;
}

EVP_PKEY *key_evp(const struct key *k)
{
    return k->evp;
}

bool key_equals(const struct key *a, const struct key *b)
{
    return EVP_PKEY_eq(a->evp, b->evp) == 1;
}
