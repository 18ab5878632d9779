/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_STORE_LOOK_H
#define TBOT_IDENTITY_STORE_LOOK_H

/*
 * What a storage directory holds, found by reading only: for who wants to know and not to use it,
 * also beside the agent that does. No lock is taken, nothing is repaired.
 *
 *     CLEANUP(store_look_release) struct store_look look = {0};
 *     TRY(dir_open_as_is(path, symlinks, &dir));
 *     TRY(store_look(dir, &look));
 */

#include "identity/store_recover.h"

struct store_look {
    pid_t holder;                   /* has it open; 0: nobody that can be seen */
    struct store_recovery recovery; /* what the next store_open() would make of a journal */

    /* The identity that store_load() would then give; NULL: none, `why` says why, as there. */
    struct credentials *creds;
    char tokenhash[SHA256_HEX_SIZE];
    struct err *why;
};

/* Fills an empty *ret. Errors are those of reading the directory, not of what is in it. */
RESULT store_look(struct dir *d, struct store_look *ret);
void store_look_release(struct store_look *l);

#endif
