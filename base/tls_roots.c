/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's roots. OpenSSL would parse the whole bundle of a distribution for every connection: 150
 * certificates, 30 ms and a megabyte, to use one of them. Here the file is searched for the subject
 * that a chain asks for, and only what has it is parsed. A directory is searched that way by OpenSSL
 * itself.
 */
#include "base/tls_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* What `*p` begins with becomes all there is: the content of a constructed value. */
static bool enter(const unsigned char **p, long *len)
{
    int tag, class;
    int form = ASN1_get_object(p, len, &tag, &class, *len);
    return form == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE;
}

/* Steps over one value; false where there is none. */
static bool skip(const unsigned char **p, long *len)
{
    const unsigned char *begin = *p;
    long content = *len;
    int tag, class;
    if (ASN1_get_object(p, &content, &tag, &class, *len) & 0x80)
        return false;
    *p += content;
    *len -= *p - begin;
    return true;
}

static bool has_version(const unsigned char *p, long len)
{
    return len > 0 && *p == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED);
}

/* RFC 5280 4.1: version, serial number, algorithm, issuer and validity stand before the subject. */
static X509_NAME *read_subject(const unsigned char *der, long len)
{
    bool is_certificate = enter(&der, &len);
    if (!is_certificate || !enter(&der, &len))
        return NULL;
    int before = has_version(der, len) ? 5 : 4;
    for (int i = 0; i < before; i++)
        if (!skip(&der, &len))
            return NULL;
    return d2i_X509_NAME(NULL, &der, len);
}

static bool is_of(const unsigned char *der, long len, const X509_NAME *wanted)
{
    X509_NAME *subject = read_subject(der, len);
    bool matches = subject && X509_NAME_cmp(subject, wanted) == 0;
    X509_NAME_free(subject);
    return matches;
}

static bool is_certificate(const char *label)
{
    return strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0 ||
           strcmp(label, PEM_STRING_X509_TRUSTED) == 0;
}

static void add(X509_STORE *store, const char *label, const unsigned char *der, long len)
{
    bool has_trust = strcmp(label, PEM_STRING_X509_TRUSTED) == 0;
    X509 *cert = has_trust ? d2i_X509_AUX(NULL, &der, len) : d2i_X509(NULL, &der, len);
    if (cert)
        X509_STORE_add_cert(store, cert);
    X509_free(cert);
}

const char *tls_roots_file(void)
{
    const char *given = secure_getenv(X509_get_default_cert_file_env());
    return given ? given : X509_get_default_cert_file();
}

const char *tls_roots_dirs(void)
{
    const char *given = secure_getenv(X509_get_default_cert_dir_env());
    return given ? given : X509_get_default_cert_dir();
}

/* Adds to the store what the file has by that name; what cannot be read is not there. */
static void find(X509_STORE *store, const X509_NAME *name)
{
    char *label, *header;
    unsigned char *der;
    long len;
    ERR_set_mark();
    BIO *file = BIO_new_file(tls_roots_file(), "r");
    while (file && PEM_read_bio(file, &label, &header, &der, &len)) {
        if (is_certificate(label) && is_of(der, len, name))
            add(store, label, der, len);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    ERR_pop_to_mark(); /* the end of the file is one, too */
    BIO_free(file);
}

static int get_issuer(X509 **ret, X509_STORE_CTX *ctx, X509 *cert)
{
    int found = X509_STORE_CTX_get1_issuer(ret, ctx, cert);
    if (found != 0)
        return found;
    find(X509_STORE_CTX_get0_store(ctx), X509_get_issuer_name(cert));
    return X509_STORE_CTX_get1_issuer(ret, ctx, cert);
}

static STACK_OF(X509) * lookup(X509_STORE_CTX *ctx, const X509_NAME *name)
{
    find(X509_STORE_CTX_get0_store(ctx), name);
    return X509_STORE_CTX_get1_certs(ctx, name);
}

RESULT tls_roots_use_system(X509_STORE *store)
{
    X509_LOOKUP *dir = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    if (!dir)
        return err_ossl("use the system's root certificates");
    if (!X509_LOOKUP_add_dir(dir, NULL, X509_FILETYPE_DEFAULT)) /* SSL_CERT_DIR, or the default */
        return err_ossl("use the system's directory of root certificates");
    X509_STORE_set_get_issuer(store, get_issuer);
    X509_STORE_set_lookup_certs(store, lookup);
    return NULL;
}
