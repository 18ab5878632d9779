/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/out_file.h"

#include "base/dir.h"

#include <errno.h>
#include <string.h>

static RESULT write_all(int fd, struct bytes text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t n = write(fd, text.data + done, text.len - done);
        if (n < 0 && errno != EINTR)
            return err_sys(ERR_STORAGE, errno, "writing to standard output");
        done += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

/* The user names the place: links on the way to it are theirs to follow. */
static RESULT write_file(const char *path, struct bytes text)
{
    CLEANUP(dir_closep) struct dir *dir = NULL;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;
    CLEANUP(freep) char *parent = strndup(slash ? path : ".", len ? len : 1);
    const char *name = slash ? slash + 1 : path;
    if (!parent)
        return err_nomem();
    if (!*name)
        return err_new(ERR_USAGE, "option '--output': '%s' is a directory", path);
    TRY_CTX(dir_open(parent, SYMLINKS_INSECURE, false, &dir), "writing '%s'", path);
    TRY_CTX(dir_replace(dir, name, text, 0600), "writing '%s'", path);
    return NULL;
}

bool out_file_is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

RESULT out_file_write(const char *path, struct bytes content)
{
    return out_file_is_stdout(path) ? write_all(STDOUT_FILENO, content) : write_file(path, content);
}
