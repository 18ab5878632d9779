/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_DIR_INTERNAL_H
#define TBOT_BASE_DIR_INTERNAL_H

/*
 * What the files behind base/dir.h share. Nobody else includes this.
 *
 * dir_open.c       paths, symbolic links, leftovers
 * dir_list.c       what is in it
 * dir_read.c       reading
 * dir_temp.c       one temporary file, and the overwriting that stands in for it
 * dir_publish.c    the transaction over a set of files
 * dir_file.c       single operations: remove, rename, reserve, lock
 * dir_lock_holder.c  who has the lock
 * dir_generation*  sets of files that change as a whole
 */

#include "base/dir.h"

struct dir {
    char *path;
    int fd;
    bool listable; /* fd is O_RDONLY: can be listed and synced */
    bool follow_links;
    bool replace_only; /* never overwrite: a file may have another name elsewhere */
    /*
     * Something that was changed is not known to be durable. Until a sync has succeeded nothing
     * counts as unchanged: the caller who tries again must not be told that all is well.
     */
    bool owes_sync;
};

/* O_NOFOLLOW where links are refused, and what every open of a file here has. */
int dir_open_flags(const struct dir *d);

/* Sets the hint that its errno suggests, if any does. Returns `e`. */
struct err *dir_with_remedy(struct err *e);

/* ERR_NOT_FOUND or ERR_STORAGE "VERB 'DIR/NAME': strerror", with a remedy for the usual causes. */
struct err *dir_error(const struct dir *d, const char *name, int errnum, const char *verb);

/* Refuses what is not a plain file name. */
RESULT dir_check_name(const struct dir *d, const char *name);

/* Makes creations, renames and removals durable, where the filesystem knows that for directories.
 */
RESULT dir_sync(struct dir *d);

/*
 * Opens a directory in this one, never through a link; ERR_NOT_FOUND when there is none. It must
 * belong to us or to whom this one belongs. Nothing is cleaned up in it.
 */
RESULT dir_open_below(const struct dir *d, const char *name, struct dir **ret);

/* Called with each name but "." and "..", in no order; an error ends it. Entries may be removed. */
typedef struct err *dir_each_fn(void *arg, const char *name);
RESULT dir_each(const struct dir *d, dir_each_fn *fn, void *arg);

/* Opens an existing regular file for reading. */
RESULT dir_open_file(const struct dir *d, const char *name, int *ret_fd);

/* ".tbot-XXXXXXXX.tmp" */
#define DIR_TEMP_SIZE sizeof(".tbot-12345678.tmp")

/* A random name, and whether `name` is one of these. */
void dir_temp_name(char ret[DIR_TEMP_SIZE]);
bool dir_temp_is_name(const char *name);

/* Owner, label, ACL and mode, of a file or a directory. Returns -1, with errno set, on failure. */
int dir_temp_copy_metadata(int from, int to);

/*
 * A finished temporary file: content and metadata are as the final file's will be, and synced. The
 * descriptor holds a flock(2), which tells other processes' dir_open() that it is no leftover.
 */
struct dir_temp {
    char name[DIR_TEMP_SIZE];
    int fd; /* -1: none */
};

/* `old` is the file to be replaced, whose mode, owner, ACL and label are kept; -1: none. */
RESULT dir_temp_make(const struct dir *d, const struct dir_file *file, int old,
                     struct dir_temp *ret);

/* Ends it: `keep` when it has been renamed, else the file is removed. */
void dir_temp_end(const struct dir *d, struct dir_temp *t, bool keep);

/* Opens a file to be overwritten and takes the space its new content needs; changes nothing else.
 */
RESULT dir_overwrite_prepare(const struct dir *d, const struct dir_file *file, int *ret_fd);

/* Writes the new content over the old. */
RESULT dir_overwrite(const struct dir *d, const struct dir_file *file, int fd);

#endif
