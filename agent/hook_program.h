/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_PROGRAM_H
#define TBOT_AGENT_HOOK_PROGRAM_H

/* Whether the program of a hook could be run, as far as a look at it tells. */

#include "base/err.h"

/* ERR_NOT_FOUND, or ERR_STORAGE: no file, no right to run it, or others can change it. */
RESULT hook_program_check(const char *path);

#endif
