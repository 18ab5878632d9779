/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/absolute_path.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
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
