/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/absolute_path.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

RESULT absolute_path(const char *path, char **ret)
{
    CLEANUP(freep) char *here = path[0] == '/' ? strdup("") : getcwd(NULL, 0);

    if (!here && errno == ENOMEM)
        return err_nomem();
    if (!here)
        return err_sys(ERR_STORAGE, errno, "find the current directory");
    return text_format(ret, "%s%s%s", here, path[0] == '/' ? "" : "/", path);
}

/* The length of the first name in *path, to which it is moved: "//" and "/./" mean nothing. 0: none. */
static size_t next_name(const char **path)
{
    size_t len = 0;
    do {
        *path += len;
        *path += strspn(*path, "/");
        len = strcspn(*path, "/");
    } while (len == 1 && **path == '.');
    return len;
}

bool absolute_path_is_within(const char *path, const char *dir)
{
    for (size_t len = next_name(&dir); len > 0; len = next_name(&dir)) {
        if (next_name(&path) != len || strncmp(path, dir, len) != 0)
            return false;
        path += len;
        dir += len;
    }
    return true;
}

bool absolute_path_goes_up(const char *path)
{
    for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
        if (at[3] == '/' || at[3] == '\0')
            return true;
    return false;
}
