/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_STORE_RECOVER_H
#define TBOT_IDENTITY_STORE_RECOVER_H

/*
 * What a journal found at the start means. Reads only; store.c does what follows from it.
 */

#include "base/dir.h"
#include "identity/store_journal.h"

#define STORE_JOURNAL_NAME "renewal.journal"

enum store_recovery_kind {
    STORE_RECOVERY_NOTHING, /* no journal: the flat files are the identity */
    STORE_RECOVERY_REDO,    /* committed: write journal.creds into the flat files */
    STORE_RECOVERY_OPEN,    /* nobody knows whether the server went on from journal.generation */
    STORE_RECOVERY_STALE,   /* the flat files were renewed by another program since */
    STORE_RECOVERY_DAMAGED, /* unreadable, `damage` says why; to be taken for open */
};

struct store_recovery {
    enum store_recovery_kind kind;
    struct store_journal journal; /* DAMAGED: only the generation, as the flat files have it */
    struct err *damage;
};

/* Fills an empty *ret. */
RESULT store_recover_read(struct dir *d, struct store_recovery *ret);

void store_recovery_release(struct store_recovery *r);

#endif
