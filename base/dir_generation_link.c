/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Our targets are shorter; a longer one is cut, and then no target of ours. */
#define TARGET_SIZE (sizeof(DIR_GENERATION_DATA "/") + NAME_MAX)

#define TRIES 100

/* False, with errno set, when it is no link; a target that does not fit is given as "". */
static bool read_link(const struct dir *d, const char *name, char ret[TARGET_SIZE])
{
    ssize_t len = readlinkat(d->fd, name, ret, TARGET_SIZE);

    if (len < 0)
        return false;
    ret[(size_t)len < TARGET_SIZE ? len : 0] = '\0';
    return true;
}

static void target_of(const char *name, char ret[TARGET_SIZE])
{
    snprintf(ret, TARGET_SIZE, DIR_GENERATION_DATA "/%s", name);
}

static struct err *foreign_data(const struct dir *d)
{
    return err_set_hint(err_new(ERR_STORAGE,
                                "'%s/" DIR_GENERATION_DATA
                                "' is not the symbolic link to a generation of files that tbot "
                                "makes",
                                d->path),
                        "Something else keeps its files there: give tbot a directory of its own.");
}

RESULT dir_generation_link_current(const struct dir *d, char ret[DIR_GENERATION_NAME_SIZE])
{
    char target[TARGET_SIZE];

    if (read_link(d, DIR_GENERATION_DATA, target)) {
        if (!dir_generation_name_is_ours(target))
            return foreign_data(d);
        memcpy(ret, target, DIR_GENERATION_NAME_SIZE);
        return NULL;
    }
    if (errno == EINVAL)
        return foreign_data(d);
    if (errno != ENOENT)
        return dir_error(d, DIR_GENERATION_DATA, errno, "read");
    ret[0] = '\0';
    return NULL;
}

static RESULT look_at_link(const struct dir *d, const char *name, enum dir_generation_at *ret)
{
    char target[TARGET_SIZE], ours[TARGET_SIZE];

    target_of(name, ours);
    if (!read_link(d, name, target))
        return dir_error(d, name, errno, "read");
    *ret = strcmp(target, ours) == 0 ? DIR_AT_LINK : DIR_AT_OTHER;
    return NULL;
}

RESULT dir_generation_link_look(const struct dir *d, const char *name, enum dir_generation_at *ret)
{
    struct stat st;

    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return dir_error(d, name, errno, "look at");
        *ret = DIR_AT_NOTHING;
        return NULL;
    }
    if (S_ISLNK(st.st_mode))
        return look_at_link(d, name, ret);
    *ret = S_ISREG(st.st_mode) ? DIR_AT_PLAIN : DIR_AT_OTHER;
    return NULL;
}

bool dir_generation_link_is_leftover(const struct dir *d, const char *name)
{
    static const char through[] = DIR_GENERATION_DATA "/";
    char target[TARGET_SIZE];
    struct stat st;

    if (!read_link(d, name, target) || fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return st.st_uid == geteuid() &&
           (dir_generation_name_is_ours(target) || strncmp(target, through, strlen(through)) == 0);
}

/* Whether `errnum` says that a cleaner of another process took our temporary name away. */
static bool is_taken_away(int errnum)
{
    return errnum == ENOENT;
}

static RESULT move(const struct dir *d, const char *temp, const char *name, bool *ret_again)
{
    *ret_again = false;
    if (renameat(d->fd, temp, d->fd, name) == 0)
        return NULL;
    struct err *e = dir_error(d, name, errno, "replace");
    *ret_again = is_taken_away(err_errno(e));
    (void)unlinkat(d->fd, temp, 0);
    return e;
}

RESULT dir_generation_link_place(const struct dir *d, const char *name, const char *target)
{
    struct err *e = NULL;
    bool again = true;

    for (int tries = 0; again && tries < TRIES; tries++) {
        char temp[DIR_TEMP_SIZE];
        err_free(e);
        dir_temp_name(temp);
        if (symlinkat(target, d->fd, temp) != 0)
            return dir_error(d, name, errno, "make a symbolic link for");
        e = move(d, temp, name, &again);
    }
    return e;
}

RESULT dir_generation_link_replace(const struct dir *d, const char *name, const struct dir *from)
{
    struct err *e = NULL;
    bool again = true;

    for (int tries = 0; again && tries < TRIES; tries++) {
        char temp[DIR_TEMP_SIZE];
        err_free(e);
        dir_temp_name(temp);
        if (linkat(from->fd, name, d->fd, temp, 0) != 0)
            return dir_error(d, name, errno, "make a hard link for");
        e = move(d, temp, name, &again);
    }
    return e;
}

static RESULT is_same_file(const struct dir *d, const struct dir *gen, const char *name, bool *ret)
{
    struct stat ours, there;

    if (fstatat(gen->fd, name, &ours, AT_SYMLINK_NOFOLLOW) != 0)
        return dir_error(gen, name, errno, "look at");
    if (fstatat(d->fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return dir_error(d, name, errno, "look at");
    *ret = there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
    return NULL;
}

/* What a run was interrupted in is completed, what somebody else put there is not touched. */
static RESULT needs_link(const struct dir *d, const struct dir *gen, const char *name, bool *ret)
{
    enum dir_generation_at ours, there;

    *ret = false;
    TRY(dir_generation_link_look(gen, name, &ours));
    TRY(dir_generation_link_look(d, name, &there));
    if (ours == DIR_AT_PLAIN && there == DIR_AT_PLAIN)
        return is_same_file(d, gen, name, ret);
    *ret = ours == DIR_AT_PLAIN && there == DIR_AT_NOTHING;
    return NULL;
}

struct linking {
    struct dir *d;
    const struct dir *gen;
    unsigned placed;
};

static RESULT link_one(void *arg, const char *name)
{
    struct linking *l = arg;
    char target[TARGET_SIZE];
    bool is_needed = false;

    TRY(needs_link(l->d, l->gen, name, &is_needed));
    if (!is_needed)
        return NULL;
    target_of(name, target);
    TRY(dir_generation_link_place(l->d, name, target));
    l->placed++;
    return NULL;
}

RESULT dir_generation_link_all(struct dir *d, const struct dir *gen)
{
    struct linking l = {d, gen, 0};

    TRY(dir_each(gen, link_one, &l));
    return l.placed > 0 ? dir_sync(d) : NULL;
}
