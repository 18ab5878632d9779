/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_ABSOLUTE_PATH_H
#define TBOT_AGENT_ABSOLUTE_PATH_H

/* Paths as texts: no function here touches a file, or resolves a link. Threads: any. */

#include "base/err.h"

#include <stdbool.h>

/*
 * `path` as it is found from any directory: behind the present one, unless it is absolute. The
 * caller's to free. ERR_STORAGE when there is no present directory any more, ERR_NOMEM.
 */
RESULT absolute_path(const char *path, char **ret);

/* Whether `path` is `dir` or below it. "//" and "/./" in them mean nothing; a ".." is a name like any other. */
bool absolute_path_is_within(const char *path, const char *dir);

/* One of its parts is "..": what it leads to cannot be told from it. */
bool absolute_path_goes_up(const char *path);

#endif
