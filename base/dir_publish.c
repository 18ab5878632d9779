/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What happens to one file of the set. */
struct item {
    const struct dir_file *file;
    /*
     * The file as it is now, -1 when there is none. Kept open until all renames are done: a rename
     * that takes the last name and the last opener from a file waits until its space is given back,
     * a millisecond on ext4, and that long a reader could meet half of the set.
     */
    int old;
    struct dir_temp temp; /* ready to be renamed, or */
    int overwrite;        /* the old file open for writing, or neither: nothing to do */
    bool is_renamed;      /* `temp` has the file's name */
};

struct set {
    struct dir *d;
    struct item *items;
    size_t len;
};

static void set_release(struct set *s)
{
    for (size_t i = 0; i < s->len; i++) {
        dir_temp_end(s->d, &s->items[i].temp, s->items[i].is_renamed);
        closep(&s->items[i].overwrite);
        closep(&s->items[i].old);
    }
    free(s->items);
}

static bool chunk_same(int fd, const uint8_t *data, size_t len)
{
    uint8_t chunk[4096];
    size_t done = 0;
    bool same = true;

    while (same && done < len) {
        ssize_t n =
            pread(fd, chunk, sizeof(chunk) < len - done ? sizeof(chunk) : len - done, (off_t)done);
        same = n > 0 && memcmp(chunk, data + done, (size_t)n) == 0;
        done += n > 0 ? (size_t)n : 0;
    }
    secret_wipe(chunk, sizeof(chunk));
    return same;
}

static bool has_content(int fd, struct bytes content)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (uint64_t)st.st_size == content.len &&
           chunk_same(fd, content.data, content.len);
}

/* The failures that mean "not by a new file", while writing the old one may work. */
static bool may_overwrite(const struct dir *d, int errnum)
{
    if (d->replace_only)
        return false;
    return errnum == EACCES || errnum == EPERM || errnum == EBUSY || errnum == EXDEV ||
           errnum == EROFS;
}

static bool is_link(const struct dir *d, const char *name)
{
    struct stat st;
    return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* Opens the file as it is now; *ret_fd stays -1 when there is none. */
static RESULT open_old(const struct dir *d, const char *name, int *ret_fd)
{
    struct err *e = dir_open_file(d, name, ret_fd);

    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "it is going to be made");
        return NULL;
    }
    return e;
}

static RESULT item_prepare(const struct dir *d, struct item *item)
{
    TRY(open_old(d, item->file->name, &item->old));
    bool exists = item->old >= 0;
    if (exists && !d->owes_sync && has_content(item->old, item->file->content)) {
        close(TAKE_FD(item->old)); /* there may be thousands of these */
        return NULL;
    }
    /* Where links may be followed, a rename would put a file in the place of the link. */
    if (exists && d->follow_links && is_link(d, item->file->name))
        return dir_overwrite_prepare(d, item->file, &item->overwrite);
    struct err *e = dir_temp_make(d, item->file, item->old, &item->temp);
    if (!e || !exists || !may_overwrite(d, err_errno(e)))
        return e;
    err_ignore(e, "the directory was prepared for overwriting, see the header");
    return dir_overwrite_prepare(d, item->file, &item->overwrite);
}

/*
 * Renames, or says by item->overwrite that this file can only be overwritten. The new file stays open until
 * all are renamed: nothing that can wait for another time stands between two renames.
 */
static RESULT item_rename(const struct dir *d, struct item *item)
{
    item->is_renamed = renameat(d->fd, item->temp.name, d->fd, item->file->name) == 0;
    if (item->is_renamed)
        return NULL;
    if (item->old < 0 || !may_overwrite(d, errno)) /* a mount point gives EBUSY */
        return dir_error(d, item->file->name, errno, "replace");
    dir_temp_end(d, &item->temp, false);
    return dir_overwrite_prepare(d, item->file, &item->overwrite);
}

static RESULT item_commit(const struct dir *d, struct item *item, struct dir_published *done)
{
    if (item->temp.fd < 0 && item->overwrite < 0)
        return NULL;
    if (item->temp.fd >= 0)
        TRY(item_rename(d, item));
    if (item->overwrite >= 0) {
        TRY(dir_overwrite(d, item->file, item->overwrite));
        done->in_place = true;
    }
    done->changed++;
    return NULL;
}

static RESULT set_commit(struct set *s, struct dir_published *done)
{
    for (size_t i = 0; i < s->len; i++) {
        struct err *e = item_commit(s->d, &s->items[i], done);
        if (!e)
            continue;
        s->d->owes_sync = true;
        return done->changed > 0
                   ? err_wrap(e, "after %u file(s) of the set were replaced", done->changed)
                   : e;
    }
    return done->changed > 0 ? dir_sync(s->d) : NULL;
}

RESULT dir_publish(struct dir *d, const struct dir_file *files, size_t n_files,
                   struct dir_published *ret)
{
    CLEANUP(set_release) struct set set = {d, NULL, 0};
    struct dir_published done = {0};

    set.items = calloc(n_files > 0 ? n_files : 1, sizeof(*set.items));
    if (!set.items)
        return err_nomem();
    for (size_t i = 0; i < n_files; i++) {
        set.items[i] = (struct item){&files[i], -1, {.fd = -1}, -1, false};
        set.len++;
        TRY(item_prepare(d, &set.items[i]));
    }
    TRY(set_commit(&set, &done));
    if (ret)
        *ret = done;
    return NULL;
}

RESULT dir_replace(struct dir *d, const char *name, struct bytes content, mode_t mode)
{
    const struct dir_file file = {.name = name, .content = content, .mode = mode};
    return dir_publish(d, &file, 1, NULL);
}
