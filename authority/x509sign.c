/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/x509sign.h"

#include "identity/pki/oid.h"
#include "identity/pki/ossl.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

#define CA_LIFETIME dur_s(10LL * 365 * 24 * 3600)
#define SERIAL_SIZE 16

RESULT x509sign_subject_add(X509_NAME *subject, const char *oid, const char *value)
{
    if (!value || !*value)
        return NULL;
    CLEANUP(asn1_object_freep) ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    /*
     * V_ASN1_UTF8STRING and not MBSTRING_UTF8: the latter enforces X.520's upper bounds (64
     * characters for a name), which neither Teleport's names nor its readers know.
     */
    if (!object ||
        !X509_NAME_add_entry_by_OBJ(subject, object, V_ASN1_UTF8STRING,
                                    (const unsigned char *)value, (int)strlen(value), -1, 0))
        return err_ossl("adding %s to a certificate's subject", oid);
    return NULL;
}

static RESULT set_serial(X509 *cert, const struct entropy *entropy, char ret_text[64])
{
    unsigned char raw[SERIAL_SIZE];
    entropy_fill(entropy, raw, sizeof(raw));
    raw[0] &= 0x7f; /* positive */
    CLEANUP(bn_freep) BIGNUM *number = BN_bin2bn(raw, sizeof(raw), NULL);
    if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)))
        return err_ossl("setting a serial number");
    CLEANUP(ossl_freep) char *decimal = BN_bn2dec(number);
    if (!decimal)
        return err_nomem();
    snprintf(ret_text, 64, "%s", decimal);
    return NULL;
}

static RESULT set_validity(X509 *cert, struct wall from, struct wall until)
{
    if (!ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)wall_to_unix(from)) ||
        !ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)wall_to_unix(until)))
        return err_ossl("setting a certificate's validity");
    return NULL;
}

static RESULT add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool is_added = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return is_added ? NULL : err_ossl("adding the extension '%s'", OBJ_nid2sn(nid));
}

static RESULT sign(X509 *cert, EVP_PKEY *key)
{
    /* Ed25519 brings its own digest and must be given none. */
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    if (!X509_sign(cert, key, digest))
        return err_ossl("signing a certificate");
    return NULL;
}

static RESULT blank(const struct x509sign_leaf *leaf, const struct entropy *entropy, X509 **ret,
                    char ret_serial[64])
{
    CLEANUP(x509_freep) X509 *cert = X509_new();
    if (!cert || !X509_set_version(cert, X509_VERSION_3) ||
        !X509_set_pubkey(cert, leaf->public_key))
        return err_ossl("preparing a certificate");
    TRY(set_serial(cert, entropy, ret_serial));
    TRY(set_validity(cert, leaf->not_before, leaf->not_after));
    *ret = TAKE(cert);
    return NULL;
}

RESULT x509sign_ca(EVP_PKEY *key, const char *cluster, struct wall now,
                   const struct entropy *entropy, X509 **ret)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    char serial[64];
    const struct x509sign_leaf self = {.public_key = key,
                                       .not_before = wall_add(now, dur_s(-60)),
                                       .not_after = wall_add(now, CA_LIFETIME)};
    TRY(blank(&self, entropy, &cert, serial));
    X509_NAME *subject = X509_get_subject_name(cert);
    TRY(x509sign_subject_add(subject, OID_ORGANIZATION, cluster));
    TRY(x509sign_subject_add(subject, OID_COMMON_NAME, cluster));
    TRY(x509sign_subject_add(subject, OID_SERIAL_NUMBER, serial));
    if (!X509_set_issuer_name(cert, subject))
        return err_ossl("naming an authority");
    TRY(add_extension(cert, cert, NID_key_usage,
                      "critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign"));
    TRY(add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE"));
    TRY(add_extension(cert, cert, NID_subject_key_identifier, "hash"));
    TRY(sign(cert, key));
    *ret = TAKE(cert);
    return NULL;
}

RESULT x509sign_leaf(const struct x509sign_leaf *leaf, X509 *issuer, EVP_PKEY *issuer_key,
                     const struct entropy *entropy, X509 **ret)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    char serial[64];
    TRY(blank(leaf, entropy, &cert, serial));
    if (!X509_set_subject_name(cert, leaf->subject) ||
        !X509_set_issuer_name(cert, X509_get_subject_name(issuer)))
        return err_ossl("naming a certificate");
    TRY(add_extension(cert, issuer, NID_key_usage, "critical,digitalSignature,keyEncipherment"));
    TRY(add_extension(cert, issuer, NID_ext_key_usage, "serverAuth,clientAuth"));
    TRY(add_extension(cert, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    TRY(add_extension(cert, issuer, NID_authority_key_identifier, "keyid"));
    if (leaf->alt_names)
        TRY(add_extension(cert, issuer, NID_subject_alt_name, leaf->alt_names));
    TRY(sign(cert, issuer_key));
    *ret = TAKE(cert);
    return NULL;
}

RESULT x509sign_to_der(const X509 *cert, struct buf *out)
{
    CLEANUP(ossl_freep) unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len <= 0)
        return err_ossl("writing a certificate as DER");
    return buf_add(out, der, (size_t)len);
}
