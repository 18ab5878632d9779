/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_DIR_GENERATION_H
#define TBOT_BASE_DIR_GENERATION_H

/*
 * Files that change as a whole: for who has to read two of them that belong together.
 *
 *     DIR/..2026_01_02_15_04_05.123456789/   a generation: a directory that is complete before
 *         key                                 anything points to it, and never changed afterwards
 *         tlscert
 *     DIR/..data -> ..2026_01_02_15_04_05.123456789
 *     DIR/key -> ..data/key
 *     DIR/tlscert -> ..data/tlscert
 *
 * It is the layout, with the names, in which Kubernetes mounts secrets, so that whoever can follow
 * those can follow ours. `..data` is replaced by one rename, and with it every name. A reader that
 * opens the directory `..data` once and its files from there has one generation, always: the one
 * before the present one is kept. A reader of single names has a whole file, always.
 *
 * The file system must know symbolic and hard links, and the directory must belong to us, for its
 * owner, mode, ACL and label are given to each generation. Within a generation all is as with
 * dir_publish(): a file that did not change is the same file (a hard link), one that did keeps
 * mode, owner, ACL and label. Nothing is ever overwritten in place.
 *
 * Which directories and links are ours is told by their names, targets and owner, and nothing else
 * is followed, changed or removed; in the way of a name, anything but a plain file is an error.
 * Generations are ordered by name, whatever the clock does. So an interruption at any point leaves
 * the old set or the new in force, and what it left half done is recognised by its place in that
 * order.
 *
 * Errors are ERR_STORAGE. Threads: as struct dir.
 */

#include "base/dir.h"

/*
 * Completes or takes back what an interrupted run left, without changing any file's content, and
 * proves by doing it that generations can be made here. The error says what to do where not.
 */
RESULT dir_generation_prepare(struct dir *d);

/*
 * As dir_publish(): replaces the named files and keeps all others of the present generation. Plain
 * files of these names become part of a generation first, so that names, too, turn into links
 * without a moment in which they are gone or two of them disagree.
 */
RESULT dir_generation_publish(struct dir *d, const struct dir_file *files, size_t n_files,
                              struct dir_published *ret);

/* The generation in force, for reading. ERR_NOT_FOUND when there is none. */
RESULT dir_generation_open(struct dir *d, struct dir **ret);

/* Whether the name leads, by a link of ours, to the file of that name in the generation in force. */
bool dir_generation_has(struct dir *d, const char *name);

/*
 * Back to plain files: each link of ours becomes the file it leads to, then generations are
 * removed. No content changes. Does nothing where there are none.
 */
RESULT dir_generation_dissolve(struct dir *d);

#endif
