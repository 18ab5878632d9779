/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pem.h"

#include "identity/pki/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

RESULT pem_open(struct bytes text, size_t max, BIO **ret)
{
    if (text.len == 0)
        return err_new(ERR_CRYPTO, "the PEM text is empty");
    if (text.len > max)
        return err_new(ERR_CRYPTO, "the PEM text has %zu bytes, more than %zu", text.len, max);
    BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
    if (!in)
        return err_nomem();
    *ret = in;
    return NULL;
}

RESULT pem_next(BIO *in, struct pem_block *ret)
{
    ERR_clear_error();
    /* PEM_FLAG_SECURE: the block may be a private key, so that OpenSSL wipes its own copies. */
    if (PEM_read_bio_ex(in, &ret->label, &ret->headers, &ret->data, &ret->len, PEM_FLAG_SECURE))
        return NULL;
    *ret = (struct pem_block){0};
    unsigned long why = ERR_peek_last_error();
    if (ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        return NULL;
    }
    return err_ossl("the PEM text is cut or damaged");
}

void pem_block_release(struct pem_block *block)
{
    OPENSSL_secure_free(block->label);
    OPENSSL_secure_free(block->headers);
    OPENSSL_secure_clear_free(block->data, (size_t)block->len);
    *block = (struct pem_block){0};
}

bool pem_block_has_headers(const struct pem_block *block)
{
    return block->headers && *block->headers;
}

size_t pem_count_begins(struct bytes text)
{
    static const char begin[] = "-----BEGIN ";
    size_t count = 0;
    const uint8_t *at = text.data, *end = text.data + text.len;
    while (at && (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1))) {
        count++;
        at += sizeof(begin) - 1;
    }
    return count;
}
