/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_ABSOLUTE_PATH_H
#define TBOT_AGENT_ABSOLUTE_PATH_H

#include "base/err.h"

/*
 * `path` as it is found from any directory: behind the present one, unless it is absolute. Touches no
 * file, and resolves no link. The caller's to free. ERR_STORAGE when there is no present directory any
 * more, ERR_NOMEM.
 */
RESULT absolute_path(const char *path, char **ret);

#endif
