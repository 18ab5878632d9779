/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Where the bytes of a file go. */
struct sink {
    RESULT (*add)(void *to, const void *data, size_t len);
    void *to;
};

static RESULT add_to_buf(void *to, const void *data, size_t len)
{
    return buf_add(to, data, len);
}

static RESULT add_to_secret(void *to, const void *data, size_t len)
{
    return secret_append(to, data, len);
}

static RESULT pour_chunks(int fd, const struct sink *sink, uint8_t *chunk, size_t size)
{
    for (;;) {
        ssize_t n = read(fd, chunk, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(ERR_STORAGE, errno, "read");
        if (n == 0)
            return NULL;
        TRY(sink->add(sink->to, chunk, (size_t)n));
    }
}

/* The chunk passes every file through, secret ones too: it is wiped. */
static RESULT pour(int fd, const struct sink *sink)
{
    uint8_t chunk[4096];
    struct err *e = pour_chunks(fd, sink, chunk, sizeof(chunk));

    secret_wipe(chunk, sizeof(chunk));
    return err_code(e) == ERR_REJECTED ? err_wrap_as(ERR_STORAGE, e, "read") : e;
}

static RESULT read_buf(int fd, size_t max, struct buf **ret)
{
    CLEANUP(buf_freep) struct buf *b = buf_new(max);

    if (!b)
        return err_nomem();
    TRY(pour(fd, &(struct sink){add_to_buf, b}));
    *ret = TAKE(b);
    return NULL;
}

/* Takes no more locked memory than the file needs; a pipe or /proc does not say its size. */
static size_t room_for(int fd, size_t max)
{
    struct stat st;
    bool known = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;

    return known && (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
}

static RESULT read_secret(int fd, size_t max, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *s = NULL;

    TRY(secret_with_room(room_for(fd, max), &s));
    TRY(pour(fd, &(struct sink){add_to_secret, s}));
    *ret = TAKE(s);
    return NULL;
}

RESULT dir_open_file(const struct dir *d, const char *name, int *ret_fd)
{
    TRY(dir_check_name(d, name));
    /* O_NONBLOCK: a pipe somebody put there must not hang us. */
    CLEANUP(closep) int fd = openat(d->fd, name, O_RDONLY | O_NONBLOCK | dir_open_flags(d));
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return dir_error(d, name, errno, "open");
    if (!S_ISREG(st.st_mode))
        return err_new(ERR_STORAGE, "open '%s/%s': not a regular file", d->path, name);
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

RESULT dir_read(struct dir *d, const char *name, size_t max, struct buf **ret)
{
    CLEANUP(closep) int fd = -1;

    TRY(dir_open_file(d, name, &fd));
    TRY_CTX(read_buf(fd, max, ret), "'%s/%s'", d->path, name);
    return NULL;
}

RESULT dir_read_secret(struct dir *d, const char *name, size_t max, struct secret **ret)
{
    CLEANUP(closep) int fd = -1;

    TRY(dir_open_file(d, name, &fd));
    TRY_CTX(read_secret(fd, max, ret), "'%s/%s'", d->path, name);
    return NULL;
}

bool dir_has(struct dir *d, const char *name)
{
    struct stat st;
    return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static RESULT open_by_path(const char *path, int flags, int *ret_fd)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

    if (fd < 0)
        return err_sys(errno == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE, errno, "open '%s'", path);
    *ret_fd = fd;
    return NULL;
}

/* O_NONBLOCK: a pipe somebody put there must not hang us. */
static RESULT open_regular(const char *path, int flags, struct stat *st, int *ret_fd)
{
    CLEANUP(closep) int fd = -1;

    TRY(open_by_path(path, O_NONBLOCK | flags, &fd));
    if (fstat(fd, st) != 0)
        return err_sys(ERR_STORAGE, errno, "open '%s'", path);
    if (!S_ISREG(st->st_mode))
        return err_new(ERR_STORAGE, "open '%s': not a regular file", path);
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

RESULT file_read(const char *path, size_t max, struct buf **ret)
{
    CLEANUP(closep) int fd = -1;

    TRY(open_by_path(path, 0, &fd));
    TRY_CTX(read_buf(fd, max, ret), "'%s'", path);
    return NULL;
}

RESULT file_read_secret(const char *path, size_t max, struct secret **ret)
{
    CLEANUP(closep) int fd = -1;

    TRY(open_by_path(path, 0, &fd));
    TRY_CTX(read_secret(fd, max, ret), "'%s'", path);
    return NULL;
}

RESULT file_read_regular(const char *path, size_t max, struct buf **ret)
{
    CLEANUP(closep) int fd = -1;
    struct stat st;

    TRY(open_regular(path, 0, &st, &fd));
    TRY_CTX(read_buf(fd, max, ret), "'%s'", path);
    return NULL;
}

RESULT file_read_regular_secret(const char *path, size_t max, struct secret **ret)
{
    CLEANUP(closep) int fd = -1;
    struct stat st;

    TRY(open_regular(path, 0, &st, &fd));
    TRY_CTX(read_secret(fd, max, ret), "'%s'", path);
    return NULL;
}

static RESULT check_private(const char *path, const struct stat *st)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return err_set_hint(
            err_new(ERR_STORAGE, "open '%s': it belongs to user %u", path, st->st_uid),
            "Whoever owns it decides what it says: give it to the agent's user, or to root.");
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        return err_set_hint(err_new(ERR_STORAGE, "open '%s': its mode is %04o, not 0600", path,
                                    st->st_mode & 07777U),
                            "Take the rights of others away: chmod 0600.");
    return NULL;
}

RESULT file_read_private(const char *path, size_t max, struct secret **ret)
{
    CLEANUP(closep) int fd = -1;
    struct stat st;

    struct err *e = open_regular(path, O_NOFOLLOW, &st, &fd);
    if (e && err_errno(e) == ELOOP) {
        err_free(e);
        return err_set_hint(err_new(ERR_STORAGE, "open '%s': it is a symbolic link", path),
                            "Give the path of the file itself.");
    }
    TRY(e);
    TRY(check_private(path, &st));
    TRY_CTX(read_secret(fd, max, ret), "'%s'", path);
    return NULL;
}
