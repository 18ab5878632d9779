/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_PEM_H
#define TBOT_IDENTITY_PKI_PEM_H

/*
 * Reading PEM text block by block (RFC 7468; text between the blocks is skipped).
 *
 *     CLEANUP(bio_freep) BIO *in = NULL;
 *     TRY(pem_open(text, MAX, &in));
 *     for (;;) {
 *         CLEANUP(pem_block_release) struct pem_block block = { 0 };
 *         TRY(pem_next(in, &block));
 *         if (!block.label)
 *             break;
 *         ...
 *
 * A block may hold a private key: pem_block_release() wipes it. Errors are ERR_CRYPTO.
 */

#include "base/buf.h"

#include <openssl/types.h>

struct pem_block {
    char *label; /* "CERTIFICATE"; NULL: there was no further block */
    char *headers;
    unsigned char *data;
    long len;
};

/* `text` is borrowed by *ret and must outlive it. Refuses an empty text, or more than `max` bytes.
 */
RESULT pem_open(struct bytes text, size_t max, BIO **ret);

/* Fills an empty block. A cut or damaged block is an error, the end of the text is not. */
RESULT pem_next(BIO *in, struct pem_block *ret);

void pem_block_release(struct pem_block *block);

/* Whether the block begins an encrypted key in the old form ("Proc-Type: 4,ENCRYPTED"). */
bool pem_block_has_headers(const struct pem_block *block);

/* How many blocks the text begins: more than pem_next() gave means that one was damaged. */
size_t pem_count_begins(struct bytes text);

#endif
