/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_DIR_H
#define TBOT_BASE_DIR_H

/*
 * One directory we keep files in, and the only way we write files.
 *
 * Writing is a transaction per file: a temporary file in the same directory (made with its final
 * mode, and the owner, ACL and label of the file it replaces), write, fsync, rename, fsync of the
 * directory. A reader sees the old content or the new, never a part. dir_publish() does this for a
 * set of files: all temporaries first, then all renames back to back, so that the moment in which
 * two files can disagree is as short as the kernel allows, and a full disk changes nothing.
 *
 * Where no temporary can be made (the directory is not ours to create in, the file is
 * bind-mounted), the content is written in place and the result says so: `in_place`.
 *
 * Paths are opened through a descriptor of the directory, found by stepping from each directory
 * into the next without following symbolic links, unless `symlinks` allows them: another local user
 * who can write into a parent must not redirect our secrets. Names given to the functions are plain
 * file names; one that is a symbolic link is refused too, or, where links are allowed, written
 * through in place.
 *
 * Errors are ERR_STORAGE, or ERR_NOT_FOUND for a file that is not there. Threads: a struct dir may
 * be used by one thread at a time.
 */

#include "base/buf.h"
#include "base/secret.h"
#include "base/strlist.h"

#include <sys/types.h>

enum symlink_policy {
    SYMLINKS_TRY_SECURE, /* the default; as SYMLINKS_SECURE, since that needs no new kernel here */
    SYMLINKS_SECURE,     /* refuse links */
    SYMLINKS_INSECURE,   /* follow links */
};

struct dir;

/*
 * Opens `path`; with `create` makes missing directories (mode 0700) first. Removes temporary files
 * an earlier, interrupted run of ours left behind: `.tbot-XXXXXXXX.tmp`, each X of [a-z0-9].
 */
RESULT dir_open(const char *path, enum symlink_policy policy, bool create, struct dir **ret);

/* Opens a directory that is there and changes nothing in it: for who looks and will not write. */
RESULT dir_open_as_is(const char *path, enum symlink_policy policy, struct dir **ret);

void dir_close(struct dir *d); /* accepts NULL */
static inline void dir_closep(struct dir **d)
{
    dir_close(*d);
}

const char *dir_path(const struct dir *d); /* as given to dir_open() */
int dir_fd(const struct dir *d);           /* borrowed, O_PATH or O_RDONLY */

/* Reads a whole file of at most `max` bytes. ERR_NOT_FOUND when it is missing. */
RESULT dir_read(struct dir *d, const char *name, size_t max, struct buf **ret);
RESULT dir_read_secret(struct dir *d, const char *name, size_t max, struct secret **ret);

bool dir_has(struct dir *d, const char *name);

/* Fills an empty list with every name but "." and "..", in no order. ERR_STORAGE for more than `max`.
 */
RESULT dir_list(struct dir *d, size_t max, struct strlist *ret);

/* One file of a set. Content is borrowed. */
struct dir_file {
    const char *name;
    struct bytes content;
    mode_t mode; /* for a file that does not exist yet, e.g. 0600 */
    /*
     * The access ACL a replaced or new file gets before it can be seen, in the form of the attribute
     * `system.posix_acl_access`. Empty: that of the file it replaces. A file that is left alone, or
     * only overwritten, keeps its own.
     */
    struct bytes acl;
};

struct dir_published {
    unsigned changed; /* files whose content differs from before */
    bool in_place;    /* some file could not be replaced, only overwritten */
};

/*
 * Replaces the whole set, or, on an error before the first rename, none of it. A file whose content
 * already is what is asked for is left alone. `ret` may be NULL.
 */
RESULT dir_publish(struct dir *d, const struct dir_file *files, size_t n_files,
                   struct dir_published *ret);

/* One file. */
RESULT dir_replace(struct dir *d, const char *name, struct bytes content, mode_t mode);

/* Removes a file; no error when it is missing. Durable when it returns. */
RESULT dir_remove(struct dir *d, const char *name);

/*
 * Removes a directory in this one with the files, and generations (base/dir_generation.h), in it. If
 * it belongs to somebody else, or directories are in it, that is an error and it stays. No error when
 * it is missing. Durable when it returns.
 */
RESULT dir_remove_dir(struct dir *d, const char *name);

/* Renames within the directory and makes that durable. */
RESULT dir_rename(struct dir *d, const char *from, const char *to);

/*
 * Reserves disk space for a later file of `size` bytes: fails now rather than then (ERR_STORAGE).
 * It makes the file `name` with that much space allocated; dir_remove() it right before writing
 * what the space is for. In the moment between the two somebody else may take it: the reservation
 * makes a full disk show early, in all likelihood, but is no promise. Nor is it on filesystems that
 * copy on write.
 */
RESULT dir_reserve_space(struct dir *d, const char *name, size_t size);

/*
 * Takes the exclusive, non-blocking flock(2) on `name`, made when missing. ERR_BUSY when another
 * process holds it. Held until *ret_fd is closed.
 */
RESULT dir_lock(struct dir *d, const char *name, int *ret_fd);

/*
 * Who holds dir_lock() on `name`, found without taking it: /proc/locks tells. 0 when nobody does, and
 * when it cannot be seen: a holder in another PID namespace, or a filesystem that gives its files
 * device numbers of their own (btrfs).
 */
RESULT dir_lock_holder(struct dir *d, const char *name, pid_t *ret);

/* Reads a whole file by path (configuration, tokens, CA files): links are followed. */
RESULT file_read(const char *path, size_t max, struct buf **ret);
RESULT file_read_secret(const char *path, size_t max, struct secret **ret);

/*
 * The same for files that are read again while the program runs, on a thread that must not wait: a pipe
 * in the file's place is ERR_STORAGE, where the two above wait for somebody to write.
 */
RESULT file_read_regular(const char *path, size_t max, struct buf **ret);
RESULT file_read_regular_secret(const char *path, size_t max, struct secret **ret);

/*
 * The same for a file that says who may do what here: it must belong to us or to root, be a regular
 * file that nobody else has any right to (mode 0600 or less), and not be reached by a symbolic link of
 * that name. What is judged is what was opened. ERR_STORAGE says what is wrong with it.
 */
RESULT file_read_private(const char *path, size_t max, struct secret **ret);

#endif
