/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pair.h"

#include "identity/pki/key_decode.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"

#include <openssl/err.h>

static RESULT read_certs(struct bytes text, struct pair *p)
{
    p->chain = sk_X509_new_null();
    if (!p->chain)
        return err_nomem();
    TRY(x509_all_from_pem(text, p->chain));
    p->cert = sk_X509_shift(p->chain);
    return NULL;
}

RESULT pair_from_pem(struct bytes certs, struct bytes key, struct pair *ret)
{
    CLEANUP(pair_release) struct pair p = {0};
    char name[X509_NAME_TEXT_SIZE];
    TRY(read_certs(certs, &p));
    TRY(key_decode_pem(key, &p.key));
    if (X509_check_private_key(p.cert, p.key) != 1) {
        ERR_clear_error();
        return err_set_hint(err_new(ERR_CRYPTO, "the key is not that of the certificate of '%s'",
                                    x509_describe(p.cert, name)),
                            "Put the leaf first, and the key it was issued for beside it.");
    }
    *ret = p;
    p = (struct pair){0};
    return NULL;
}

void pair_release(struct pair *p)
{
    X509_free(p->cert);
    sk_X509_pop_free(p->chain, X509_free);
    EVP_PKEY_free(p->key);
    *p = (struct pair){0};
}
