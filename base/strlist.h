/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_STRLIST_H
#define TBOT_BASE_STRLIST_H

/*
 * A list of strings it owns: roles, principals, CA lines. Zero-initialised is empty.
 */

#include "base/buf.h"

struct strlist {
    char **items; /* `len` strings; no NULL behind them */
    size_t len;
};

void strlist_release(struct strlist *l);

RESULT strlist_add(struct strlist *l, const char *s);
RESULT strlist_add_n(struct strlist *l, const void *s, size_t len);
RESULT strlist_copy(struct strlist *to, const struct strlist *from);
bool strlist_has(const struct strlist *l, const char *s);

/* The same strings in the same order. */
bool strlist_equals(const struct strlist *a, const struct strlist *b);

/* Adds the pieces of `s` between separators; empty pieces are left out. */
RESULT strlist_split(struct strlist *l, const char *s, char separator);

/* "a, b, c" for messages, "none" when empty. Caller frees; NULL when memory is gone. */
char *strlist_join(const struct strlist *l, const char *between);

#endif
