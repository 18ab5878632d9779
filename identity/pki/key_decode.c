/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/key_decode.h"

#include "identity/pki/ossl.h"
#include "identity/pki/pem.h"

#include <openssl/pem.h>
#include <string.h>

/* An RSA-2048 key in PEM has about 1.7 KiB. */
#define KEY_PEM_MAX (16 * 1024)

static EVP_PKEY *decode_pkcs8(const struct pem_block *block)
{
    const unsigned char *at = block->data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, block->len);
    EVP_PKEY *evp = info ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return evp;
}

static RESULT decode_block(const struct pem_block *block, EVP_PKEY **ret)
{
    if (strstr(block->label, "ENCRYPTED") || pem_block_has_headers(block))
        return err_set_hint(err_new(ERR_CRYPTO, "the private key is encrypted"),
                            "A machine has nobody to type a passphrase: store the key unencrypted "
                            "and readable by its owner only.");
    const unsigned char *at = block->data;
    EVP_PKEY *evp = NULL;
    if (strcmp(block->label, PEM_STRING_RSA) == 0)
        evp = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, block->len);
    else if (strcmp(block->label, PEM_STRING_ECPRIVATEKEY) == 0)
        evp = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, block->len);
    else if (strcmp(block->label, PEM_STRING_PKCS8INF) == 0)
        evp = decode_pkcs8(block);
    else
        return err_new(ERR_CRYPTO, "a PEM block '%s' where a private key should be", block->label);
    if (!evp)
        return err_ossl("decoding the private key");
    *ret = evp;
    return NULL;
}

/* Of the first block that is not the parameters `openssl ecparam` writes before a key. */
static RESULT next_key_block(BIO *in, struct pem_block *ret)
{
    for (;;) {
        CLEANUP(pem_block_release) struct pem_block block = {0};
        TRY(pem_next(in, &block));
        if (block.label && strcmp(block.label, PEM_STRING_ECPARAMETERS) == 0)
            continue;
        *ret = block;
        block = (struct pem_block){0};
        return NULL;
    }
}

RESULT key_decode_pem(struct bytes pem, EVP_PKEY **ret)
{
    CLEANUP(bio_freep) BIO *in = NULL;
    TRY(pem_open(pem, KEY_PEM_MAX, &in));
    CLEANUP(pem_block_release) struct pem_block block = {0};
    TRY(next_key_block(in, &block));
    if (!block.label)
        return err_new(ERR_CRYPTO, "no PEM private key in the text");
    return decode_block(&block, ret);
}
