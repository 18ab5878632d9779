/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static void close_list(DIR **list)
{
    if (*list)
        closedir(*list);
}

/* A descriptor of its own: reading moves the place in the directory, and others may read it too. */
static RESULT open_list(const struct dir *d, DIR **ret)
{
    CLEANUP(closep) int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *ret = fd >= 0 ? fdopendir(fd) : NULL;
    if (!*ret)
        return err_sys(ERR_STORAGE, errno, "list '%s'", d->path);
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
        return err_sys(ERR_STORAGE, errno, "list '%s'", d->path);
    return NULL;
}
