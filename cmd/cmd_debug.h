/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_CMD_DEBUG_H
#define TBOT_CMD_CMD_DEBUG_H

/* The sub-commands of `tbot debug`: each gets the words behind its name and returns the exit code. */

#include "cmd/diag_options.h"

#define CMD_DEBUG_LIMIT_S 10

int cmd_debug_profile(struct globals *globals, int argc, char **argv);
int cmd_debug_dump(struct globals *globals, int argc, char **argv);

/* "tbot-cpu-20261121T150000Z.pb.gz": the name of a file that a person did not name. Caller frees. */
RESULT cmd_debug_file_name(const char *what, const char *suffix, char **ret);

#endif
