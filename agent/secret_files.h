/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SECRET_FILES_H
#define TBOT_AGENT_SECRET_FILES_H

/*
 * A set of named files in memory, each of which may be secret. A few dozen at most: looked through one
 * by one. Zero-initialised is empty. Threads: one at a time.
 */

#include "base/dir.h"
#include "base/secret.h"

struct secret_file {
    char *name;
    struct secret *content;
};

struct secret_files {
    struct secret_file *items;
    size_t len;
};
void secret_files_release(struct secret_files *f);

/* Borrowed; NULL: there is none of that name. */
const struct secret *secret_files_find(const struct secret_files *f, const char *name);

/* Copies `from` into the empty *ret, which gets room for `extra` more. */
RESULT secret_files_copy(const struct secret_files *from, size_t extra, struct secret_files *ret);

/* Adds or replaces one, in a set that has the room. */
RESULT secret_files_put(struct secret_files *f, const char *name, struct bytes content);

/* How many of `files` are not in the set, or are other there. */
unsigned secret_files_changed(const struct secret_files *f, const struct dir_file *files, size_t n);

static inline void secret_files_swap(struct secret_files *a, struct secret_files *b)
{
    struct secret_files old = *a;
    *a = *b;
    *b = old;
}

#endif
