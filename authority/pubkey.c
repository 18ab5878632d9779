/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/pubkey.h"

#include "identity/pki/ossl.h"
#include "identity/pki/sshwire.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <string.h>

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192

/* The words of the Go library a cluster answers with. */
static struct err *no_key_found(struct err *cause)
{
    err_free(cause);
    return err_new(ERR_CRYPTO, "ssh: no key found");
}

RESULT pubkey_blob_of_line(struct bytes line, struct buf *out)
{
    struct bytes type;
    struct err *e = sshwire_parse_line(line, out, &type);
    return e ? no_key_found(e) : NULL;
}

static void params_freep(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}

static void param_bld_freep(OSSL_PARAM_BLD **p)
{
    OSSL_PARAM_BLD_free(*p);
}

static void pkey_ctx_freep(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}

static RESULT of_params(const char *kind, OSSL_PARAM_BLD *build, EVP_PKEY **ret)
{
    CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = NULL;
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        return err_ossl("unusable %s public key", kind);
    *ret = TAKE(key);
    return NULL;
}

RESULT pubkey_of_rsa(struct bytes n, struct bytes e, EVP_PKEY **ret)
{
    if (n.len * 8 > RSA_MAX_BITS + 8 || e.len > 8) /* an SSH number may have a zero before it */
        return err_new(ERR_CRYPTO, "an RSA key of an unusual form");
    CLEANUP(bn_freep) BIGNUM *bn_e = BN_bin2bn(e.data, (int)e.len, NULL);
    CLEANUP(bn_freep) BIGNUM *bn_n = BN_bin2bn(n.data, (int)n.len, NULL);
    CLEANUP(param_bld_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!bn_e || !bn_n || !build || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn_n) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, bn_e))
        return err_nomem();
    if (BN_num_bits(bn_n) < RSA_MIN_BITS)
        return err_new(ERR_CRYPTO, "an RSA key of %d bits is too short", BN_num_bits(bn_n));
    return of_params("RSA", build, ret);
}

static RESULT of_rsa(struct bytes rest, EVP_PKEY **ret)
{
    struct bytes e, n;
    TRY(sshwire_get_string(&rest, &e));
    TRY(sshwire_get_string(&rest, &n));
    if (rest.len)
        return err_new(ERR_CRYPTO, "an RSA key of an unusual form");
    return pubkey_of_rsa(n, e, ret);
}

RESULT pubkey_of_p256(struct bytes point, EVP_PKEY **ret)
{
    CLEANUP(param_bld_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!build ||
        !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ||
        !OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len))
        return err_nomem();
    return of_params("EC", build, ret);
}

static RESULT of_ecdsa(struct bytes rest, EVP_PKEY **ret)
{
    struct bytes curve, point;
    TRY(sshwire_get_string(&rest, &curve));
    TRY(sshwire_get_string(&rest, &point));
    if (rest.len || !sshwire_bytes_are(curve, "nistp256"))
        return err_new(ERR_CRYPTO, "an ECDSA key of another curve than P-256");
    return pubkey_of_p256(point, ret);
}

static RESULT of_ed25519(struct bytes rest, EVP_PKEY **ret)
{
    struct bytes raw;
    TRY(sshwire_get_string(&rest, &raw));
    if (rest.len || raw.len != 32)
        return err_new(ERR_CRYPTO, "an Ed25519 key of the wrong size");
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.data, raw.len);
    if (!key)
        return err_ossl("unusable Ed25519 public key");
    *ret = key;
    return NULL;
}

RESULT pubkey_of_blob(struct bytes blob, EVP_PKEY **ret)
{
    struct bytes kind;
    struct err *e = sshwire_get_string(&blob, &kind);
    if (e)
        return no_key_found(e);
    if (sshwire_bytes_are(kind, "ssh-rsa"))
        e = of_rsa(blob, ret);
    else if (sshwire_bytes_are(kind, "ecdsa-sha2-nistp256"))
        e = of_ecdsa(blob, ret);
    else if (sshwire_bytes_are(kind, "ssh-ed25519"))
        e = of_ed25519(blob, ret);
    else
        e = err_new(ERR_CRYPTO, "an SSH key of an unknown kind");
    return e ? err_wrap(e, "parsing the public key") : NULL;
}

/* Refuses what the SSH forms cannot say either. */
static RESULT check_kind(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
            return err_new(ERR_CRYPTO, "an RSA key of %d bits", bits);
        return NULL;
    case EVP_PKEY_EC:
        if (bits != 256)
            return err_new(ERR_CRYPTO, "an ECDSA key of another curve than P-256");
        return NULL;
    case EVP_PKEY_ED25519:
        return NULL;
    default:
        return err_new(ERR_CRYPTO, "a public key of an unknown kind");
    }
}

static RESULT take_checked(EVP_PKEY *parsed, EVP_PKEY **ret)
{
    CLEANUP(evp_pkey_freep) EVP_PKEY *key = parsed;
    if (!key)
        return err_ossl("unusable public key");
    TRY(check_kind(key));
    *ret = TAKE(key);
    return NULL;
}

RESULT pubkey_of_der(struct bytes der, EVP_PKEY **ret)
{
    if (!der.len || der.len > PUBKEY_MAX)
        return err_new(ERR_CRYPTO, "a public key of %zu bytes", der.len);
    const unsigned char *at = der.data;
    return take_checked(d2i_PUBKEY(NULL, &at, (long)der.len), ret);
}

RESULT pubkey_of_pem(struct bytes pem, EVP_PKEY **ret)
{
    if (!pem.len || pem.len > PUBKEY_MAX)
        return err_new(ERR_CRYPTO, "a public key of %zu bytes", pem.len);
    CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    CLEANUP(ossl_freep) char *label = NULL;
    CLEANUP(ossl_freep) char *headers = NULL;
    CLEANUP(ossl_freep) unsigned char *der = NULL;
    long len = 0;
    if (!bio || !PEM_read_bio(bio, &label, &headers, &der, &len))
        return err_ossl("a public key that is not PEM");
    if (strcmp(label, "RSA PUBLIC KEY") != 0 && strcmp(label, "PUBLIC KEY") != 0)
        return err_new(ERR_CRYPTO, "a public key cannot be a '%s'", label);
    const unsigned char *at = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, len);
    at = der;
    if (!key && strcmp(label, "RSA PUBLIC KEY") == 0)
        key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
    return take_checked(key, ret);
}
