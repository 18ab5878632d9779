/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation.h"
#include "base/dir_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void close_list(DIR **list)
{
    if (*list)
        closedir(*list);
}

static struct err *list_error(const struct dir *d, int errnum)
{
    if (errnum == ENOMEM)
        return err_nomem();
    return dir_with_remedy(err_sys(ERR_STORAGE, errnum, "list '%s'", d->path));
}

/* A descriptor of its own: reading moves the place in the directory, and others may read it too. */
static RESULT open_list(const struct dir *d, DIR **ret)
{
    CLEANUP(closep) int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *ret = fd >= 0 ? fdopendir(fd) : NULL;
    if (!*ret)
        return list_error(d, errno);
    (void)TAKE_FD(fd);
    return NULL;
}

RESULT dir_each(const struct dir *d, dir_each_fn *fn, void *arg)
{
    CLEANUP(close_list) DIR *list = NULL;
    const struct dirent *entry;

    TRY(open_list(d, &list));
    while ((errno = 0, entry = readdir(list))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            TRY(fn(arg, entry->d_name));
    }
    if (errno)
        return list_error(d, errno);
    return NULL;
}

struct listing {
    const struct dir *d;
    size_t max;
    struct strlist *names;
};

static RESULT add_name(void *arg, const char *name)
{
    const struct listing *l = arg;

    if (l->names->len >= l->max)
        return err_new(ERR_STORAGE, "'%s' has more than %zu files", l->d->path, l->max);
    return strlist_add(l->names, name);
}

RESULT dir_list(struct dir *d, size_t max, struct strlist *ret)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    struct listing l = {d, max, &names};

    TRY(dir_each(d, add_name, &l));
    *ret = names;
    names = (struct strlist){0};
    return NULL;
}

static RESULT remove_one(void *arg, const char *name)
{
    const struct dir *d = arg;

    return unlinkat(d->fd, name, 0) == 0 ? NULL : dir_error(d, name, errno, "remove");
}

static RESULT empty(struct dir *d)
{
    TRY(dir_generation_dissolve(d));
    return dir_each(d, remove_one, d);
}

RESULT dir_remove_dir(struct dir *d, const char *name)
{
    CLEANUP(dir_closep) struct dir *below = NULL;

    TRY(dir_check_name(d, name));
    struct err *e = dir_open_below(d, name, &below);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "as wanted");
        return NULL;
    }
    TRY(e);
    TRY(empty(below));
    if (unlinkat(d->fd, name, AT_REMOVEDIR) != 0)
        return dir_error(d, name, errno, "remove");
    return dir_sync(d);
}
