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

bool absolute_path_is_within(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    while (len > 0 && dir[len - 1] == '/')
        len--;
    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool absolute_path_goes_up(const char *path)
{
    for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
        if (at[3] == '/' || at[3] == '\0')
            return true;
    return false;
}
