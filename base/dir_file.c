/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

int dir_open_flags(const struct dir *d)
{
    return O_CLOEXEC | (d->follow_links ? 0 : O_NOFOLLOW);
}

/* What a person can do about a failed system call on a file; NULL: nothing general. */
static const char *remedy(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return "Free some disk space (or quota) there; nothing was changed, and the next try goes "
               "on.";
    case EACCES:
    case EPERM:
        return "Give the user that tbot runs as the right to read and write there.";
    case ENOTDIR:
        return "Something that is no directory is in the way: move it, or name another place.";
    case EROFS:
        return "The filesystem is mounted read-only: remount it, or use another directory.";
    case ELOOP:
        return "It is a symbolic link: put a regular file there, or set 'symlinks: insecure' if "
               "nobody else can write to the directory.";
    default:
        return NULL;
    }
}

struct err *dir_with_remedy(struct err *e)
{
    const char *hint = remedy(err_errno(e));
    return hint ? err_set_hint(e, "%s", hint) : e;
}

struct err *dir_error(const struct dir *d, const char *name, int errnum, const char *verb)
{
    enum err_code code = errnum == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE;
    return dir_with_remedy(err_sys(code, errnum, "%s '%s/%s'", verb, d->path, name));
}

RESULT dir_check_name(const struct dir *d, const char *name)
{
    if (*name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return NULL;
    return err_new(ERR_STORAGE, "in '%s': not a plain file name: '%s'", d->path, name);
}

RESULT dir_sync(struct dir *d)
{
    /* Some filesystems do not do it for directories. */
    d->owes_sync = d->listable && fsync(d->fd) != 0 && errno != EINVAL && errno != ENOTSUP;
    if (!d->owes_sync)
        return NULL;
    return dir_with_remedy(err_sys(ERR_STORAGE, errno, "sync '%s'", d->path));
}

RESULT dir_remove(struct dir *d, const char *name)
{
    TRY(dir_check_name(d, name));
    if (unlinkat(d->fd, name, 0) == 0)
        return dir_sync(d);
    if (errno != ENOENT)
        return dir_error(d, name, errno, "remove");
    return d->owes_sync ? dir_sync(d) : NULL;
}

RESULT dir_rename(struct dir *d, const char *from, const char *to)
{
    TRY(dir_check_name(d, from));
    TRY(dir_check_name(d, to));
    if (renameat(d->fd, from, d->fd, to) != 0)
        return dir_error(d, from, errno, "rename");
    return dir_sync(d);
}

RESULT dir_reserve_space(struct dir *d, const char *name, size_t size)
{
    TRY(dir_check_name(d, name));
    CLEANUP(closep) int fd = openat(d->fd, name, O_RDWR | O_CREAT | dir_open_flags(d), 0600);

    if (fd < 0)
        return dir_error(d, name, errno, "create");
    int errnum = size > 0 ? posix_fallocate(fd, 0, (off_t)size) : 0;
    if (errnum == 0)
        return NULL;
    (void)unlinkat(d->fd, name, 0); /* it must not hold the last of the space itself */
    return dir_error(d, name, errnum, "reserve space with");
}

RESULT dir_lock(struct dir *d, const char *name, int *ret_fd)
{
    TRY(dir_check_name(d, name));
    CLEANUP(closep) int fd = openat(d->fd, name, O_RDWR | O_CREAT | dir_open_flags(d), 0600);

    if (fd < 0)
        return dir_error(d, name, errno, "open");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return dir_error(d, name, errno, "lock");
        return err_set_hint(err_sys(ERR_BUSY, errno, "lock '%s/%s'", d->path, name),
                            "Another tbot uses this directory: stop it, or give this one its own.");
    }
    *ret_fd = TAKE_FD(fd);
    return NULL;
}
