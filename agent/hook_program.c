/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMEDY "Correct the first word of 'command' under 'reload', or install the program."

RESULT hook_program_check(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_set_hint(
            err_sys(errno == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE, errno, "program '%s'", path),
            REMEDY);
    if (!S_ISREG(st.st_mode))
        return err_set_hint(err_new(ERR_STORAGE, "program '%s' is not a regular file", path),
                            REMEDY);
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
        return err_set_hint(err_sys(ERR_STORAGE, errno, "program '%s' cannot be run", path),
                            "tbot's user needs the right to run it.");
    if (st.st_mode & 022)
        return err_set_hint(
            err_new(ERR_STORAGE,
                    "program '%s' can be changed by others than its owner "
                    "(mode %04o)",
                    path, (unsigned)st.st_mode & 07777),
            "Whoever can write it runs what he likes as tbot's user: 'chmod go-w'.");
    return NULL;
}
