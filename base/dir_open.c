/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* A walk down a path: each component is opened from its parent's descriptor. */
struct walk {
    const char *path; /* for messages */
    int fd;
    bool create;
    bool follow_links;
};

static struct err *walk_error(const struct walk *w, const char *name, int errnum, bool is_link)
{
    if (is_link)
        return err_set_hint(
            err_new(ERR_STORAGE, "open '%s': '%s' is a symbolic link", w->path, name),
            "Give the real path, or set 'symlinks: insecure' if nobody else can write there.");
    return dir_with_remedy(
        err_sys(errnum == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE, errnum, "open '%s'", w->path));
}

static bool is_link_at(int fd, const char *name)
{
    struct stat st;
    return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* The new directory's name must be durable before what is stored in it can be. */
static void sync_parent(int fd)
{
    CLEANUP(closep) int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable >= 0)
        (void)fsync(readable); /* best effort: the files below are synced by themselves */
}

/* Opens `name` below the walk's place with O_PATH (it need not be readable) and steps into it. */
static RESULT walk_into(struct walk *w, const char *name)
{
    int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (w->follow_links ? 0 : O_NOFOLLOW);
    int fd = openat(w->fd, name, flags);

    if (fd < 0 && errno == ENOENT && w->create) {
        if (mkdirat(w->fd, name, 0700) == 0)
            sync_parent(w->fd);
        else if (errno != EEXIST)
            return dir_with_remedy(
                err_sys(ERR_STORAGE, errno, "create '%s' of '%s'", name, w->path));
        fd = openat(w->fd, name, flags);
    }
    if (fd < 0) {
        int errnum = errno;
        return walk_error(w, name, errnum, !w->follow_links && is_link_at(w->fd, name));
    }
    close(w->fd);
    w->fd = fd;
    return NULL;
}

/*
 * Why not openat2(2) with RESOLVE_NO_SYMLINKS: it needs Linux 5.6 and is denied by some sandboxes,
 * making missing directories needs the walk anyway, and no step of the walk follows a link either.
 */
static RESULT walk_path(struct walk *w)
{
    CLEANUP(freep) char *parts = strdup(w->path);
    char *rest = parts;

    if (!parts)
        return err_nomem();
    while (rest) {
        const char *name = strsep(&rest, "/");
        if (*name)
            TRY(walk_into(w, name));
    }
    return NULL;
}

static RESULT open_path(const char *path, bool follow_links, bool create, int *ret_fd)
{
    const char *start = *path == '/' ? "/" : ".";
    CLEANUP(closep) int fd = open(start, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return dir_with_remedy(
            err_sys(ERR_STORAGE, errno, "open '%s', on the way to '%s'", start, path));
    struct walk w = {path, TAKE_FD(fd), create, follow_links};
    struct err *e = walk_path(&w);
    fd = w.fd;
    if (e)
        return e;
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

/* Ours, and nobody writes it any more: its writer would hold the lock. */
static bool is_leftover(int dirfd, const char *name)
{
    CLEANUP(closep) int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static RESULT remove_leftover(void *arg, const char *name)
{
    const struct dir *d = arg;

    if (dir_temp_is_name(name) &&
        (is_leftover(d->fd, name) || dir_generation_link_is_leftover(d, name)))
        (void)unlinkat(d->fd, name, 0);
    return NULL;
}

static RESULT open_dir(const char *path, enum symlink_policy policy, bool create, bool clean,
                       struct dir **ret)
{
    CLEANUP(dir_closep) struct dir *d = calloc(1, sizeof(*d));

    if (!d)
        return err_nomem();
    d->fd = -1;
    d->follow_links = policy == SYMLINKS_INSECURE;
    d->path = strdup(path);
    if (!d->path)
        return err_nomem();
    if (*path == '\0')
        return err_new(ERR_STORAGE, "open '': a directory needs a name");
    TRY(open_path(path, d->follow_links, create, &d->fd));
    int readable = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (readable < 0 && errno != EACCES)
        return dir_with_remedy(err_sys(ERR_STORAGE, errno, "read '%s'", path));
    if (readable >= 0) {
        close(d->fd);
        d->fd = readable;
        d->listable = true;
    }
    if (d->listable && clean)
        err_ignore(dir_each(d, remove_leftover, d), "what stays does no harm but take space");
    *ret = TAKE(d);
    return NULL;
}

RESULT dir_open(const char *path, enum symlink_policy policy, bool create, struct dir **ret)
{
    return open_dir(path, policy, create, true, ret);
}

RESULT dir_open_as_is(const char *path, enum symlink_policy policy, struct dir **ret)
{
    return open_dir(path, policy, false, false, ret);
}

static RESULT check_owner(const struct dir *d, const char *name, int fd)
{
    struct stat parent, st;

    if (fstat(d->fd, &parent) != 0 || fstat(fd, &st) != 0)
        return dir_error(d, name, errno, "look at");
    if (st.st_uid == parent.st_uid || st.st_uid == geteuid())
        return NULL;
    return err_new(ERR_STORAGE, "'%s/%s' belongs to user %u, who is not the directory's owner",
                   d->path, name, st.st_uid);
}

RESULT dir_open_below(const struct dir *d, const char *name, struct dir **ret)
{
    CLEANUP(dir_closep) struct dir *sub = calloc(1, sizeof(*sub));

    if (!sub)
        return err_nomem();
    sub->fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub->fd < 0)
        return dir_error(d, name, errno, "open");
    TRY(check_owner(d, name, sub->fd));
    TRY(text_format(&sub->path, "%s/%s", d->path, name));
    sub->listable = true;
    *ret = TAKE(sub);
    return NULL;
}

void dir_close(struct dir *d)
{
    if (!d)
        return;
    closep(&d->fd);
    free(d->path);
    free(d);
}

const char *dir_path(const struct dir *d)
{
    return d->path;
}

int dir_fd(const struct dir *d)
{
    return d->fd;
}
