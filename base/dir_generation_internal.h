/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_DIR_GENERATION_INTERNAL_H
#define TBOT_BASE_DIR_GENERATION_INTERNAL_H

/*
 * What the files behind base/dir_generation.h share. Nobody else includes this.
 *
 * dir_generation_name.c      the order of generations
 * dir_generation_link.c      symbolic links: which are ours, replacing them
 * dir_generation_make.c      building a generation, and removing old and half ones
 * dir_generation.c           the transaction
 * dir_generation_dissolve.c  back to plain files
 */

#include "base/clock.h"
#include "base/dir_generation.h"
#include "base/dir_internal.h"

/* "..2026_01_02_15_04_05.123456789" */
#define DIR_GENERATION_NAME_SIZE sizeof("..2026_01_02_15_04_05.123456789")

#define DIR_GENERATION_DATA "..data"

/* Whether it is one that dir_generation_name_next() gives. */
bool dir_generation_name_is_ours(const char *name);

/*
 * The name of a generation made now. It sorts behind `after` ("": behind nothing) even where the
 * clock was set back: then it is the next possible one.
 */
void dir_generation_name_next(struct wall now, const char *after,
                              char ret[DIR_GENERATION_NAME_SIZE]);

/* What stands at a name. */
enum dir_generation_at {
    DIR_AT_NOTHING,
    DIR_AT_PLAIN, /* a regular file */
    DIR_AT_LINK,  /* a symbolic link to the file of the same name in `..data` */
    DIR_AT_OTHER,
};
RESULT dir_generation_link_look(const struct dir *d, const char *name, enum dir_generation_at *ret);

/* Where `..data` points to, "" when it is not there. ERR_STORAGE when it is none of ours. */
RESULT dir_generation_link_current(const struct dir *d, char ret[DIR_GENERATION_NAME_SIZE]);

/*
 * Whether `name`, a temporary one, is a link that dir_generation_link_place() was interrupted with. A
 * link cannot be locked, so it may be one that another process is about to rename: that one makes it
 * again.
 */
bool dir_generation_link_is_leftover(const struct dir *d, const char *name);

/* Makes `name` a link to `target` with one rename; what stood there is replaced. Not synced. */
RESULT dir_generation_link_place(const struct dir *d, const char *name, const char *target);

/* Makes `name` the plain file that it is in `from`, with one rename. Not synced. */
RESULT dir_generation_link_replace(const struct dir *d, const char *name, const struct dir *from);

/*
 * Gives every file of the generation in force, `gen`, its name in `d`. Where that is taken by
 * anything but the very same file it is left as it is. Synced.
 */
RESULT dir_generation_link_all(struct dir *d, const struct dir *gen);

/* Opens a generation by name; ERR_NOT_FOUND when it is gone. */
RESULT dir_generation_make_open(const struct dir *d, const char *name, struct dir **ret);

/* The one in force; *ret stays NULL when there is none. */
RESULT dir_generation_make_present(struct dir *d, struct dir **ret);

/*
 * A new, empty generation behind `after`, with the directory's owner and rights. As long as it is
 * open nobody takes it for a leftover.
 */
RESULT dir_generation_make(const struct dir *d, const char *after, struct dir **ret,
                           char ret_name[DIR_GENERATION_NAME_SIZE]);

/* Adds the files of `from` to `gen`, as hard links. */
RESULT dir_generation_make_copy(const struct dir *gen, const struct dir *from);

/*
 * Removes all generations but the one in force and the one before it; those that an open struct dir
 * of dir_generation_make() is building stay too. Best effort: what remains takes space only.
 */
void dir_generation_make_prune(const struct dir *d);

#endif
