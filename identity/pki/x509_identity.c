/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* By length and bytes: a NUL byte in a name ends nothing. */
static bool is_equal(const unsigned char *data, int len, const char *name)
{
    return len >= 0 && (size_t)len == strlen(name) && memcmp(data, name, (size_t)len) == 0;
}

static void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static bool has_alternative(const X509 *cert, int type, const char *name)
{
    CLEANUP(names_freep)
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int found = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found);
        if (found == type &&
            is_equal(ASN1_STRING_get0_data(value), ASN1_STRING_length(value), name))
            return true;
    }
    return false;
}

static bool has_common_name(const X509 *cert, const char *name)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        CLEANUP(ossl_freep) unsigned char *text = NULL;
        int len =
            ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (is_equal(text, len, name))
            return true;
    }
    return false;
}

static bool is_uri(const char *name)
{
    return strstr(name, "://") != NULL;
}

bool x509_is_of_subject(const X509 *cert, const char *name)
{
    bool is_it = is_uri(name) ? has_alternative(cert, GEN_URI, name) : has_common_name(cert, name);
    ERR_clear_error(); /* an extension that cannot be read has no names */
    return is_it;
}

bool x509_is_made_out_to(const X509 *cert, const char *name)
{
    bool is_host = !is_uri(name) && has_alternative(cert, GEN_DNS, name);
    return x509_is_of_subject(cert, name) || is_host;
}
