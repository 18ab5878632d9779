/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"
#include "base/entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define PREFIX ".tbot-"
#define SUFFIX ".tmp"
#define RANDOM_LEN 8
#define ACL_XATTR "system.posix_acl_access"

static const char name_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

bool dir_temp_is_name(const char *name)
{
    const char *random = name + strlen(PREFIX);

    return strlen(name) == DIR_TEMP_SIZE - 1 && strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
           strspn(random, name_digits) == RANDOM_LEN && strcmp(random + RANDOM_LEN, SUFFIX) == 0;
}

void dir_temp_name(char ret[DIR_TEMP_SIZE])
{
    char random[RANDOM_LEN + 1] = {0};

    for (size_t i = 0; i < RANDOM_LEN; i++)
        random[i] = name_digits[entropy_below(entropy_system(), sizeof(name_digits) - 1)];
    snprintf(ret, DIR_TEMP_SIZE, PREFIX "%s" SUFFIX, random);
}

/*
 * A cleaner that met the file between its creation and our lock has taken it away: then it has no
 * name any more.
 */
static bool lock_new(int fd)
{
    struct stat st;

    (void)flock(fd, LOCK_EX); /* where locks do not work, cleaners cannot take them either */
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static RESULT create_temp(const struct dir *d, const char *for_name, struct dir_temp *t)
{
    for (int tries = 0; tries < 100; tries++) {
        dir_temp_name(t->name);
        t->fd = openat(d->fd, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (t->fd < 0 && errno != EEXIST)
            return dir_error(d, for_name, errno, "create a temporary file for");
        if (t->fd >= 0 && lock_new(t->fd))
            return NULL;
        dir_temp_end(d, t, false);
    }
    return dir_error(d, for_name, EEXIST, "create a temporary file for");
}

/* An old file without an ACL must not gain the one a default ACL of the directory gives new files.
 */
static int copy_acl(int from, int to)
{
    char acl[4096];
    ssize_t len = fgetxattr(from, ACL_XATTR, acl, sizeof(acl));

    if (len >= 0)
        return fsetxattr(to, ACL_XATTR, acl, (size_t)len, 0);
    if (errno == ENODATA && fremovexattr(to, ACL_XATTR) != 0 && errno != ENODATA &&
        errno != ENOTSUP)
        return -1;
    return errno == ERANGE ? -1 : 0;
}

/* Best effort: without the right to relabel, the directory's own rule labels new files. */
static void copy_label(int from, int to)
{
    static const char name[] = "security.selinux";
    char label[512];
    ssize_t len = fgetxattr(from, name, label, sizeof(label));

    if (len > 0)
        (void)fsetxattr(to, name, label, (size_t)len, 0);
}

/* Of files set-id bits are for programs, and ours are none. */
static int copy_mode(mode_t old, int to)
{
    const mode_t plain = old & 01777;
    const mode_t whole = S_ISDIR(old) ? old & 07777 : plain;
    int failed = fchmod(to, whole);
    /* A service manager may deny the bit of a directory: what is in it matters more. */
    return failed && errno == EPERM && whole != plain ? fchmod(to, plain) : failed;
}

/* Owner first: changing it drops set-id bits, and it decides what the rest may be. */
int dir_temp_copy_metadata(int from, int to)
{
    struct stat old, new;

    if (fstat(from, &old) != 0 || fstat(to, &new) != 0)
        return -1;
    if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
        fchown(to, old.st_uid, old.st_gid) != 0)
        return -1;
    copy_label(from, to);
    if (copy_acl(from, to) != 0)
        return -1;
    return copy_mode(old.st_mode, to);
}

static int write_content(int fd, struct bytes content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t n = pwrite(fd, content.data + done, content.len - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return -1;
        }
        done += (size_t)n;
    }
    return 0;
}

static RESULT fill_temp(const struct dir *d, const struct dir_file *file, int old, int fd)
{
    if (old >= 0 ? dir_temp_copy_metadata(old, fd) != 0 : fchmod(fd, file->mode) != 0)
        return dir_error(d, file->name, errno, "keep owner and permissions of");
    /* Last: a change of mode would change the ACL's mask. */
    if (file->acl.len && fsetxattr(fd, ACL_XATTR, file->acl.data, file->acl.len, 0) != 0)
        return dir_error(d, file->name, errno, "set the ACL of");
    if (write_content(fd, file->content) != 0)
        return dir_error(d, file->name, errno, "write");
    if (fsync(fd) != 0)
        return dir_error(d, file->name, errno, "sync");
    return NULL;
}

RESULT dir_temp_make(const struct dir *d, const struct dir_file *file, int old,
                     struct dir_temp *ret)
{
    struct dir_temp t = {.fd = -1};

    TRY(create_temp(d, file->name, &t));
    struct err *e = fill_temp(d, file, old, t.fd);
    if (e) {
        dir_temp_end(d, &t, false);
        return e;
    }
    *ret = t;
    return NULL;
}

void dir_temp_end(const struct dir *d, struct dir_temp *t, bool keep)
{
    if (t->fd < 0)
        return;
    if (!keep)
        (void)unlinkat(d->fd, t->name, 0);
    closep(&t->fd);
    t->fd = -1;
}

/*
 * A full disk must show before the first byte of the old content is gone. Where the filesystem
 * cannot reserve, the write itself will tell.
 */
static int take_space(int fd, size_t len)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -1;
    if ((uint64_t)st.st_size >= len || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)len) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -1;
}

RESULT dir_overwrite_prepare(const struct dir *d, const struct dir_file *file, int *ret_fd)
{
    CLEANUP(closep) int fd = openat(d->fd, file->name, O_WRONLY | O_NONBLOCK | dir_open_flags(d));

    if (fd < 0)
        return dir_error(d, file->name, errno, "overwrite");
    if (take_space(fd, file->content.len) != 0)
        return dir_error(d, file->name, errno, "overwrite");
    *ret_fd = TAKE_FD(fd);
    return NULL;
}

RESULT dir_overwrite(const struct dir *d, const struct dir_file *file, int fd)
{
    if (write_content(fd, file->content) != 0 || ftruncate(fd, (off_t)file->content.len) != 0 ||
        fsync(fd) != 0)
        return err_set_hint(dir_error(d, file->name, errno, "overwrite"),
                            "The file may be cut; let tbot replace files there to avoid that: it "
                            "needs the right to create files in the directory.");
    return NULL;
}
