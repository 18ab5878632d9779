/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_STORE_JOURNAL_H
#define TBOT_IDENTITY_STORE_JOURNAL_H

/*
 * The text of `renewal.journal`. What it is for: identity/store.h.
 *
 *     tbot renewal journal 1
 *     state 4
 *     open
 *     generation 1
 *     7
 *     ...
 *     sha256 5f70bf18…
 *
 * A first line, then records "NAME LENGTH", LENGTH bytes of content and a newline each, always all
 * of them in the same order, then the SHA-256 of everything in front of the last line. What does
 * not match in every byte is refused, ERR_STORAGE: a file that was cut is never taken for a shorter
 * one.
 */

#include "base/encode.h"
#include "identity/pki/credentials.h"

#define STORE_JOURNAL_MAX (4 * 1024 * 1024)

struct store_journal {
    int64_t generation; /* presented to the server; 0: none */
    struct wall started;
    char base[SHA256_HEX_SIZE]; /* store_files_fingerprint() at that time */
    struct key *key;            /* open: the new key, NULL when the old one is kept */
    struct credentials *creds;  /* committed: the new identity. NULL: open */
    char tokenhash[SHA256_HEX_SIZE];
};

RESULT store_journal_encode(const struct store_journal *j, struct secret **ret);

/* ERR_CRYPTO when what it holds, though whole, is not a key or an identity. */
RESULT store_journal_decode(struct bytes text, struct store_journal *ret);

/* Drops the references. */
void store_journal_release(struct store_journal *j);

#endif
