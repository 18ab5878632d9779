/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_STRING_TABLE_H
#define TBOT_DIAG_PROFILE_STRING_TABLE_H

/*
 * Texts, each once, by number: what profile.proto has in the place of texts. Number 0 is "".
 *
 * Threads: one at a time.
 */

#include "base/buf.h"

struct string_table {
    size_t n;       /* 0: also "" is not in it yet */
    size_t n_slots; /* private */
    size_t *slots;  /* private: 1 + a number; 0: free */
    char **texts;   /* by number */
};

/* ERR_NOMEM. */
RESULT string_table_get(struct string_table *t, const char *text, size_t *ret);

void string_table_release(struct string_table *t);

#endif
