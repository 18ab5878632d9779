/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/bundle.h"

#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"

#include <string.h>

#define SEPARATOR '$'

static bool has_cert(struct stack_st_X509 *certs, const X509 *cert)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        if (X509_cmp(sk_X509_value(certs, i), cert) == 0)
            return true;
    }
    return false;
}

RESULT bundle_add(struct stack_st_X509 *to, struct stack_st_X509 *from)
{
    for (int i = 0; i < sk_X509_num(from); i++) {
        X509 *cert = sk_X509_value(from, i);
        if (has_cert(to, cert))
            continue;
        if (sk_X509_num(to) >= X509_CERTS_MAX)
            return err_new(ERR_CRYPTO, "more than %d CA certificates", X509_CERTS_MAX);
        if (sk_X509_push(to, cert) <= 0)
            return err_nomem();
        X509_up_ref(cert);
    }
    return NULL;
}

static RESULT add_pem(struct stack_st_X509 *to, const char *pem)
{
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    TRY(x509_all_from_pem(bytes_of_str(pem), certs));
    return bundle_add(to, certs);
}

RESULT bundle_from_pems(const struct strlist *pems, struct stack_st_X509 **ret)
{
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    if (!certs)
        return err_nomem();
    for (size_t i = 0; i < pems->len; i++)
        TRY_CTX(add_pem(certs, pems->items[i]), "CA %zu of %zu", i + 1, pems->len);
    *ret = TAKE(certs);
    return NULL;
}

RESULT bundle_to_pem(struct stack_st_X509 *certs, struct buf *out)
{
    for (int i = 0; i < sk_X509_num(certs); i++)
        TRY(x509_to_pem(sk_X509_value(certs, i), out));
    return NULL;
}

RESULT bundle_join_items(const struct strlist *items, struct buf *out)
{
    for (size_t i = 0; i < items->len; i++) {
        if (strchr(items->items[i], SEPARATOR))
            return err_new(ERR_CRYPTO, "CA %zu of %zu holds a '%c', which separates CAs in storage",
                           i + 1, items->len, SEPARATOR);
        if (i > 0)
            TRY(buf_add_u8(out, SEPARATOR));
        TRY(buf_add_str(out, items->items[i]));
    }
    return NULL;
}

RESULT bundle_split_items(struct bytes text, struct strlist *out)
{
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, SEPARATOR, text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        if (memchr(text.data, '\0', len))
            return err_new(ERR_CRYPTO, "a NUL byte in a list of CAs");
        if (len > 0)
            TRY(strlist_add_n(out, text.data, len));
        size_t skip = end ? len + 1 : len;
        text = (struct bytes){text.data + skip, text.len - skip};
    }
    return NULL;
}
