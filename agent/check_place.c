/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/check_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* "/a/b//c/" becomes "/a/b", "/a" becomes "/", "a" becomes ".". False where nothing is left to take. */
static bool take_last(char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    path[len] = '\0';
    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
        return false;
    char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(path, 2, ".");
    else
        slash[slash == path] = '\0';
    return true;
}

/* The walk is that of a start, so its refusals are those of a start. */
static RESULT open_nearest(const char *path, enum symlink_policy symlinks, struct check_place *p)
{
    CLEANUP(freep) char *nearest = malloc(strlen(path) + 2); /* "." may be longer than "" */
    if (!nearest)
        return err_nomem();
    memcpy(nearest, path, strlen(path) + 1);
    for (;;) {
        struct err *e = dir_open_as_is(nearest, symlinks, &p->dir);
        if (err_code(e) != ERR_NOT_FOUND || !take_last(nearest))
            return e;
        err_ignore(e, "it would be made: what counts is where");
        p->is_missing = true;
    }
}

/* By the effective user, as the kernel will judge; a read-only filesystem shows here too. */
static int access_denied(int fd)
{
    return faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static RESULT read_status(struct check_place *p)
{
    struct stat st;
    if (fstat(dir_fd(p->dir), &st) != 0)
        return err_sys(ERR_STORAGE, errno, "look at '%s'", dir_path(p->dir));
    p->owner = st.st_uid;
    p->mode = st.st_mode & 07777;
    p->denied = access_denied(dir_fd(p->dir));
    return NULL;
}

/* Filesystems that make inodes as they need them count none. Root may use what is kept in reserve. */
static RESULT read_room(struct check_place *p)
{
    struct statvfs fs;
    if (fstatvfs(dir_fd(p->dir), &fs) != 0)
        return err_sys(ERR_STORAGE, errno, "look at the filesystem of '%s'", dir_path(p->dir));
    bool is_root = geteuid() == 0;
    p->is_roomy = fs.f_blocks == 0;
    p->room = (uint64_t)fs.f_frsize * (is_root ? fs.f_bfree : fs.f_bavail);
    p->has_inodes = fs.f_files == 0 || (is_root ? fs.f_ffree : fs.f_favail) > 0;
    return NULL;
}

static RESULT look(const char *path, enum symlink_policy symlinks, struct check_place *p)
{
    TRY(open_nearest(path, symlinks, p));
    TRY(read_status(p));
    return read_room(p);
}

RESULT check_place_look(const char *path, enum symlink_policy symlinks, struct check_place *ret)
{
    struct check_place p = {0};
    struct err *e = look(path, symlinks, &p);
    if (e) {
        check_place_release(&p);
        return e;
    }
    *ret = p;
    return NULL;
}

void check_place_release(struct check_place *p)
{
    dir_close(p->dir);
    *p = (struct check_place){0};
}

RESULT check_place_writable(const struct check_place *p, const char *path)
{
    if (p->denied == 0)
        return NULL;
    struct err *e =
        p->is_missing
            ? err_sys(ERR_STORAGE, p->denied, "'%s' is missing and cannot be made in '%s'", path,
                      dir_path(p->dir))
            : err_sys(ERR_STORAGE, p->denied, "nothing can be made in '%s'", path);
    if (p->denied == EROFS)
        return err_set_hint(e, "The filesystem is mounted read-only: remount it, or name another "
                               "place.");
    return err_set_hint(e,
                        "Give '%s' to the user that runs tbot (here: number %u), or name another "
                        "place.",
                        dir_path(p->dir), (unsigned)geteuid());
}

RESULT check_place_room(const struct check_place *p, uint64_t bytes)
{
    char free_text[CHECK_SIZE_TEXT], needed[CHECK_SIZE_TEXT];
    struct err *e = NULL;
    if (!p->has_inodes)
        e = err_new(ERR_STORAGE, "no further file can be made on the filesystem of '%s'",
                    dir_path(p->dir));
    else if (!p->is_roomy && p->room < bytes)
        e = err_new(ERR_STORAGE, "%s are free on the filesystem of '%s', %s are needed",
                    check_size_text(p->room, free_text), dir_path(p->dir),
                    check_size_text(bytes, needed));
    return e ? err_set_hint(e, "Free some disk space there, or name another place.") : NULL;
}

char *check_size_text(uint64_t bytes, char out[CHECK_SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
        value /= 1000;
    snprintf(out, CHECK_SIZE_TEXT, "%.*f %s", unit > 0 && value < 10 ? 1 : 0, value, units[unit]);
    return out;
}
