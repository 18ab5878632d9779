/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/x509.h"

#include "identity/pki/ossl.h"
#include "identity/pki/pem.h"

#include <ctype.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

static RESULT decode_block(const struct pem_block *block, X509 **ret)
{
    if (strcmp(block->label, PEM_STRING_X509) != 0)
        return err_new(ERR_CRYPTO, "a PEM block '%s' where a certificate should be", block->label);
    const unsigned char *at = block->data;
    X509 *cert = d2i_X509(NULL, &at, block->len);
    if (!cert)
        return err_ossl("decoding a certificate");
    if (at != block->data + block->len) {
        X509_free(cert);
        return err_new(ERR_CRYPTO, "bytes behind the end of a certificate");
    }
    *ret = cert;
    return NULL;
}

static RESULT add_block(const struct pem_block *block, struct stack_st_X509 *into)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    TRY(decode_block(block, &cert));
    if (sk_X509_num(into) >= X509_CERTS_MAX)
        return err_new(ERR_CRYPTO, "more than %d certificates", X509_CERTS_MAX);
    if (sk_X509_push(into, cert) <= 0)
        return err_nomem();
    (void)TAKE(cert);
    return NULL;
}

RESULT x509_all_from_pem(struct bytes pem, struct stack_st_X509 *into)
{
    CLEANUP(bio_freep) BIO *in = NULL;
    TRY(pem_open(pem, X509_PEM_MAX, &in));
    size_t count = 0;
    for (;;) {
        CLEANUP(pem_block_release) struct pem_block block = {0};
        TRY(pem_next(in, &block));
        if (!block.label)
            break;
        TRY(add_block(&block, into));
        count++;
    }
    if (count == 0)
        return err_new(ERR_CRYPTO, "no PEM certificate in the text");
    /* OpenSSL takes a block with a damaged first line for text between blocks. */
    if (count != pem_count_begins(pem))
        return err_new(ERR_CRYPTO, "the PEM text is cut or damaged");
    return NULL;
}

RESULT x509_from_pem(struct bytes pem, X509 **ret)
{
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    TRY(x509_all_from_pem(pem, certs));
    if (sk_X509_num(certs) != 1)
        return err_new(ERR_CRYPTO, "%d certificates where one should be", sk_X509_num(certs));
    *ret = sk_X509_pop(certs);
    return NULL;
}

RESULT x509_from_der(struct bytes der, X509 **ret)
{
    const unsigned char *at = der.data;
    if (der.len == 0 || der.len > X509_PEM_MAX)
        return err_new(ERR_CRYPTO, "a certificate of %zu bytes", der.len);
    CLEANUP(x509_freep) X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    if (!cert)
        return err_ossl("reading a certificate");
    if (at != der.data + der.len)
        return err_new(ERR_CRYPTO, "bytes behind a certificate");
    *ret = TAKE(cert);
    return NULL;
}

RESULT x509_to_pem(const X509 *cert, struct buf *out)
{
    CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return err_nomem();
    if (PEM_write_bio_X509(bio, cert) != 1)
        return err_ossl("encoding a certificate");
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    return buf_add(out, text, (size_t)len);
}

static RESULT to_wall(const ASN1_TIME *t, struct wall *ret)
{
    struct tm tm = {0};
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return err_ossl("reading a time of a certificate");
    *ret = wall_of_unix((int64_t)timegm(&tm));
    return NULL;
}

RESULT x509_validity(const X509 *cert, struct wall *ret_not_before, struct wall *ret_not_after)
{
    struct wall from, until;
    TRY(to_wall(X509_get0_notBefore(cert), &from));
    TRY(to_wall(X509_get0_notAfter(cert), &until));
    *ret_not_before = from;
    *ret_not_after = until;
    return NULL;
}

RESULT x509_check_time(const X509 *cert, struct wall now)
{
    struct wall from, until;
    TRY(x509_validity(cert, &from, &until));
    bool early = wall_before(now, from);
    if (!early && wall_before(now, until))
        return NULL;
    char name[X509_NAME_TEXT_SIZE], bound[RFC3339_SIZE];
    struct err *e = err_new(ERR_EXPIRED, "the certificate of '%s' is %s '%s'",
                            x509_describe(cert, name), early ? "not valid before" : "expired since",
                            wall_format(early ? from : until, false, bound));
    return early ? err_set_hint(e, "Check that this machine's clock is right.") : e;
}

RESULT x509_serial_hex(const X509 *cert, char **ret)
{
    CLEANUP(bn_freep) BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    CLEANUP(ossl_freep) char *hex = n ? BN_bn2hex(n) : NULL;
    char *copy = hex ? strdup(hex) : NULL;
    if (!copy)
        return err_nomem();
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *ret = copy;
    return NULL;
}

static RESULT add_value(const ASN1_STRING *value, struct strlist *out)
{
    CLEANUP(ossl_freep) unsigned char *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, value);
    if (len < 0)
        return err_ossl("reading an attribute of a certificate's name");
    if (memchr(text, '\0', (size_t)len))
        return err_new(ERR_CRYPTO, "an attribute of a certificate's name holds a NUL byte");
    return strlist_add_n(out, text, (size_t)len);
}

RESULT x509_name_values(const X509_NAME *name, const char *oid, struct strlist *out)
{
    CLEANUP(asn1_object_freep) ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    if (!object)
        return err_ossl("'%s' is not an object identifier", oid);
    for (int i = -1; (i = X509_NAME_get_index_by_OBJ(name, object, i)) >= 0;)
        TRY(add_value(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)), out));
    return NULL;
}

RESULT x509_spki_sha256(const X509 *cert, uint8_t out[X509_SPKI_HASH_LEN])
{
    CLEANUP(ossl_freep) unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len < 0)
        return err_ossl("encoding a certificate's public key");
    if (EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) != 1)
        return err_ossl("hashing a certificate's public key");
    return NULL;
}

char *x509_describe(const X509 *cert, char out[X509_NAME_TEXT_SIZE])
{
    /* Control bytes come out escaped: the name may be a stranger's and ends up in a log. */
    if (!X509_NAME_oneline(X509_get_subject_name(cert), out, X509_NAME_TEXT_SIZE))
        memcpy(out, "?", sizeof("?"));
    return out;
}
