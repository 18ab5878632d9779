/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of libc by which our libraries look at or change files. A process that is killed in a
 * write leaves half of it behind; any other call is done or not. A sync is not passed on: killing a
 * process takes nothing from the kernel; what a power cut would take is durable.c's to say.
 */
#include "tests/fault/faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_open(const char *path, int flags, ...);
int __real_openat(int dirfd, const char *name, int flags, ...);
ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __real_pread(int fd, void *to, size_t len, off_t at);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_ftruncate(int fd, off_t len);
int __real_fallocate(int fd, int mode, off_t at, off_t len);
int __real_posix_fallocate(int fd, off_t at, off_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __real_symlinkat(const char *target, int dirfd, const char *name);
ssize_t __real_readlinkat(int dirfd, const char *name, char *to, size_t size);
int __real_unlinkat(int dirfd, const char *name, int flags);
int __real_mkdirat(int dirfd, const char *name, mode_t mode);
int __real_fstat(int fd, struct stat *st);
int __real_fstatat(int dirfd, const char *name, struct stat *st, int flags);
int __real_fchmod(int fd, mode_t mode);
int __real_fchown(int fd, uid_t uid, gid_t gid);
int __real_flock(int fd, int operation);
ssize_t __real_fgetxattr(int fd, const char *name, void *to, size_t size);
int __real_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __real_fremovexattr(int fd, const char *name);
DIR *__real_fdopendir(int fd);
struct dirent *__real_readdir(DIR *list);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *name, int flags, ...);
int __wrap___openat_2(int dirfd, const char *name, int flags);
ssize_t __wrap_read(int fd, void *to, size_t len);
ssize_t __wrap_pread(int fd, void *to, size_t len, off_t at);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_fsync(int fd);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_fallocate(int fd, int mode, off_t at, off_t len);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_symlinkat(const char *target, int dirfd, const char *name);
ssize_t __wrap_readlinkat(int dirfd, const char *name, char *to, size_t size);
int __wrap_unlinkat(int dirfd, const char *name, int flags);
int __wrap_mkdirat(int dirfd, const char *name, mode_t mode);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstatat(int dirfd, const char *name, struct stat *st, int flags);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_flock(int fd, int operation);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *to, size_t size);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fremovexattr(int fd, const char *name);
DIR *__wrap_fdopendir(int fd);
struct dirent *__wrap_readdir(DIR *list);

static unsigned opening(int flags)
{
    return POINT_FILE | POINT_RIGHT | (flags & O_CREAT ? POINT_SPACE : 0);
}

/* The mode is there when the flags say so, as for open(2) itself. */
int __wrap_open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return faults_fail(opening(flags), "open", path) ? -1 : __real_open(path, flags, mode);
}

static int open_at(int dirfd, const char *name, int flags, mode_t mode)
{
    return faults_fail(opening(flags), "openat", name) ? -1
                                                       : __real_openat(dirfd, name, flags, mode);
}

int __wrap_openat(int dirfd, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return open_at(dirfd, name, flags, mode);
}

int __wrap___openat_2(int dirfd, const char *name, int flags)
{
    return open_at(dirfd, name, flags, 0);
}

static size_t half(size_t len)
{
    return len > 1 ? len / 2 : len;
}

ssize_t __wrap_read(int fd, void *to, size_t len)
{
    enum fault_effect effect = faults_meet(POINT_FILE | POINT_TRANSFER, "read", NULL);
    if (effect == FAULT_KILL)
        faults_die();
    return effect == FAULT_FAIL ? -1 : __real_read(fd, to, effect ? half(len) : len);
}

ssize_t __wrap_pread(int fd, void *to, size_t len, off_t at)
{
    enum fault_effect effect = faults_meet(POINT_FILE | POINT_TRANSFER, "pread", NULL);
    if (effect == FAULT_KILL)
        faults_die();
    return effect == FAULT_FAIL ? -1 : __real_pread(fd, to, effect ? half(len) : len, at);
}

#define WRITING (POINT_FILE | POINT_SPACE | POINT_TRANSFER)

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    enum fault_effect effect = faults_meet(WRITING, "write", NULL);
    if (effect == FAULT_FAIL)
        return -1;
    ssize_t n = __real_write(fd, data, effect ? half(len) : len);
    if (effect == FAULT_KILL)
        faults_die();
    return n;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    enum fault_effect effect = faults_meet(WRITING, "pwrite", NULL);
    if (effect == FAULT_FAIL)
        return -1;
    pending_write(fd);
    ssize_t n = __real_pwrite(fd, data, effect ? half(len) : len, at);
    if (effect == FAULT_KILL)
        faults_die();
    return n;
}

int __wrap_fsync(int fd)
{
    if (faults_fail(POINT_FILE | POINT_SPACE, "fsync", NULL))
        return -1;
    pending_synced(fd);
    return 0;
}

int __wrap_ftruncate(int fd, off_t len)
{
    if (faults_fail(POINT_FILE, "ftruncate", NULL))
        return -1;
    pending_write(fd);
    return __real_ftruncate(fd, len);
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t len)
{
    return faults_fail(POINT_FILE | POINT_SPACE, "fallocate", NULL)
               ? -1
               : __real_fallocate(fd, mode, at, len);
}

int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    return faults_fail(POINT_FILE | POINT_SPACE, "posix_fallocate", NULL)
               ? errno
               : __real_posix_fallocate(fd, at, len);
}

#define NAMING (POINT_FILE | POINT_RIGHT)

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (faults_fail(NAMING, "renameat", to))
        return -1;
    pending_rename(to_fd, from, to);
    return __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return faults_fail(NAMING | POINT_SPACE, "linkat", to)
               ? -1
               : __real_linkat(from_fd, from, to_fd, to, flags);
}

int __wrap_symlinkat(const char *target, int dirfd, const char *name)
{
    return faults_fail(NAMING | POINT_SPACE, "symlinkat", name)
               ? -1
               : __real_symlinkat(target, dirfd, name);
}

ssize_t __wrap_readlinkat(int dirfd, const char *name, char *to, size_t size)
{
    return faults_fail(NAMING, "readlinkat", name) ? -1 : __real_readlinkat(dirfd, name, to, size);
}

int __wrap_unlinkat(int dirfd, const char *name, int flags)
{
    return faults_fail(NAMING, "unlinkat", name) ? -1 : __real_unlinkat(dirfd, name, flags);
}

int __wrap_mkdirat(int dirfd, const char *name, mode_t mode)
{
    return faults_fail(NAMING | POINT_SPACE, "mkdirat", name) ? -1
                                                              : __real_mkdirat(dirfd, name, mode);
}

int __wrap_fstat(int fd, struct stat *st)
{
    return faults_fail(POINT_FILE, "fstat", NULL) ? -1 : __real_fstat(fd, st);
}

int __wrap_fstatat(int dirfd, const char *name, struct stat *st, int flags)
{
    return faults_fail(POINT_FILE, "fstatat", name) ? -1 : __real_fstatat(dirfd, name, st, flags);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return faults_fail(NAMING, "fchmod", NULL) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    return faults_fail(NAMING, "fchown", NULL) ? -1 : __real_fchown(fd, uid, gid);
}

int __wrap_flock(int fd, int operation)
{
    return faults_fail(POINT_FILE, "flock", NULL) ? -1 : __real_flock(fd, operation);
}

ssize_t __wrap_fgetxattr(int fd, const char *name, void *to, size_t size)
{
    return faults_fail(POINT_FILE, "fgetxattr", NULL) ? -1 : __real_fgetxattr(fd, name, to, size);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return faults_fail(NAMING | POINT_SPACE, "fsetxattr", NULL)
               ? -1
               : __real_fsetxattr(fd, name, value, size, flags);
}

int __wrap_fremovexattr(int fd, const char *name)
{
    return faults_fail(NAMING, "fremovexattr", NULL) ? -1 : __real_fremovexattr(fd, name);
}

/* The list is of libc's own making; that there may be no memory for it counts as a point of memory. */
DIR *__wrap_fdopendir(int fd)
{
    return faults_fail(POINT_MEMORY, "fdopendir", NULL) ? NULL : __real_fdopendir(fd);
}

struct dirent *__wrap_readdir(DIR *list)
{
    return faults_fail(POINT_FILE, "readdir", NULL) ? NULL : __real_readdir(list);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
