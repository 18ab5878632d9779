/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/jwks.h"

#include "authority/pubkey.h"
#include "base/encode.h"
#include "identity/pki/ossl.h"

#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 1024 /* RSA-8192 */
#define POINT_SIZE (1 + 2 * PUBKEY_P256_SIZE)

static void ecdsa_sig_freep(ECDSA_SIG **p)
{
    ECDSA_SIG_free(*p);
}

void jwks_release(struct jwks *j)
{
    for (size_t i = 0; i < j->len; i++)
        EVP_PKEY_free(j->keys[i].key);
    *j = (struct jwks){.len = 0};
}

/* --- keys --- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static RESULT number_of(const json_t *jwk, const char *name, struct buf *out)
{
    TRY_CTX(base64url_decode(bytes_of_str(text_of(jwk, name)), out), "'%s'", name);
    if (out->len == 0)
        return err_new(ERR_CONFIG, "'%s' is missing", name);
    return NULL;
}

static RESULT rsa_key(const json_t *jwk, EVP_PKEY **ret)
{
    CLEANUP(buf_release) struct buf n = BUF_INIT(NUMBER_MAX);
    CLEANUP(buf_release) struct buf e = BUF_INIT(NUMBER_MAX);
    TRY(number_of(jwk, "n", &n));
    TRY(number_of(jwk, "e", &e));
    return pubkey_of_rsa(buf_bytes(&n), buf_bytes(&e), ret);
}

static RESULT ec_key(const json_t *jwk, EVP_PKEY **ret)
{
    CLEANUP(buf_release) struct buf point = BUF_INIT(POINT_SIZE);
    TRY(buf_add_u8(&point, 4)); /* uncompressed */
    TRY(number_of(jwk, "x", &point));
    TRY(number_of(jwk, "y", &point));
    if (point.len != POINT_SIZE)
        return err_new(ERR_CONFIG, "a point of P-256 has %d bytes", 2 * PUBKEY_P256_SIZE);
    return pubkey_of_p256(buf_bytes(&point), ret);
}

static RESULT add_key(const json_t *jwk, struct jwks *j)
{
    bool is_ec = strcmp(text_of(jwk, "kty"), "EC") == 0;
    bool is_known =
        is_ec ? strcmp(text_of(jwk, "crv"), "P-256") == 0 : strcmp(text_of(jwk, "kty"), "RSA") == 0;
    if (!is_known)
        return NULL;
    if (j->len == JWKS_MAX_KEYS)
        return err_new(ERR_CONFIG, "more than %d keys", JWKS_MAX_KEYS);
    struct jwk *key = &j->keys[j->len];
    *key = (struct jwk){.is_ec = is_ec};
    (void)snprintf(key->id, sizeof(key->id), "%s", text_of(jwk, "kid"));
    TRY_CTX(is_ec ? ec_key(jwk, &key->key) : rsa_key(jwk, &key->key), "key '%s'", key->id);
    j->len++;
    return NULL;
}

RESULT jwks_parse(struct bytes json, struct jwks *ret)
{
    CLEANUP(jwks_release) struct jwks j = {.len = 0};
    CLEANUP(json_decrefp) json_t *doc = json_loadb((const char *)json.data, json.len, 0, NULL);
    const json_t *keys = json_object_get(doc, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++)
        TRY(add_key(json_array_get(keys, i), &j));
    if (j.len == 0)
        return err_new(ERR_CONFIG, "no set of RSA or P-256 keys: {\"keys\": [...]}");
    *ret = j;
    j.len = 0;
    return NULL;
}

/* --- signatures --- */

/* The three parts of a JWS, and the first two with the dot between them, which are signed. */
struct parts {
    struct bytes header, payload, signature, input;
};

static bool split(const char *jws, struct parts *ret)
{
    const char *first = strchr(jws, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.'))
        return false;
    const uint8_t *start = (const uint8_t *)jws;
    ret->header = (struct bytes){start, (size_t)(first - jws)};
    ret->payload = (struct bytes){(const uint8_t *)first + 1, (size_t)(second - first) - 1};
    ret->signature = bytes_of_str(second + 1);
    ret->input = (struct bytes){start, (size_t)(second - jws)};
    return true;
}

/* r and s one after the other (RFC 7518 section 3.4) in OpenSSL's form; `out` is empty after garbage. */
static RESULT to_der(struct bytes raw, struct buf *out)
{
    CLEANUP(ecdsa_sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *der = NULL;
    if (raw.len != (size_t)2 * PUBKEY_P256_SIZE)
        return NULL;
    BIGNUM *r = BN_bin2bn(raw.data, PUBKEY_P256_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(raw.data + PUBKEY_P256_SIZE, PUBKEY_P256_SIZE, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return err_nomem();
    }
    int len = i2d_ECDSA_SIG(sig, &der);
    struct err *e = len > 0 ? buf_add(out, der, (size_t)len) : NULL;
    OPENSSL_free(der);
    return e;
}

static RESULT is_signed(const struct jwk *key, struct bytes input, struct bytes signature,
                        bool *ret)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(256);
    CLEANUP(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (key->is_ec)
        TRY(to_der(signature, &der));
    struct bytes sig = key->is_ec ? buf_bytes(&der) : signature;
    if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->key) != 1)
        return err_ossl("verify");
    *ret = EVP_DigestVerify(ctx, sig.data, sig.len, input.data, input.len) == 1;
    ERR_clear_error();
    return NULL;
}

static RESULT try_keys(const struct jwks *j, const json_t *header, const struct parts *p,
                       struct bytes signature)
{
    const char *id = text_of(header, "kid");
    bool is_ec = strcmp(text_of(header, "alg"), "ES256") == 0;
    if (!is_ec && strcmp(text_of(header, "alg"), "RS256") != 0)
        return err_new(ERR_DENIED, "the token is not signed with RS256 or ES256");
    for (size_t i = 0; i < j->len; i++) {
        const struct jwk *key = &j->keys[i];
        bool is_right = false;
        if (key->is_ec != is_ec || (*id && strcmp(key->id, id) != 0))
            continue;
        TRY(is_signed(key, p->input, signature, &is_right));
        if (is_right)
            return NULL;
    }
    return err_new(ERR_DENIED, "the token is not signed by a key of the set");
}

RESULT jwks_verify(const struct jwks *j, const char *jws, struct buf *out)
{
    struct parts p;
    CLEANUP(buf_release) struct buf header = BUF_INIT(JWKS_MAX);
    CLEANUP(buf_release) struct buf signature = BUF_INIT(JWKS_MAX);
    if (!split(jws, &p))
        return err_new(ERR_DENIED, "the token is no JWT");
    struct err *e = base64url_decode(p.header, &header);
    if (!e)
        e = base64url_decode(p.signature, &signature);
    if (e)
        return err_wrap_as(ERR_DENIED, e, "the token is no JWT");
    CLEANUP(json_decrefp)
    json_t *json = json_loadb((const char *)header.data, header.len, JSON_REJECT_DUPLICATES, NULL);
    TRY(try_keys(j, json, &p, buf_bytes(&signature)));
    e = base64url_decode(p.payload, out);
    return e ? err_wrap_as(ERR_DENIED, e, "the token is no JWT") : NULL;
}
