/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_COMMAND_H
#define TBOT_AGENT_HOOK_COMMAND_H

/*
 * Runs one command to its end, in a process that exists for nothing else (agent/hook_helper.h): what
 * becomes a child of this process, or of a child that died, belongs to the command, and nothing of
 * that is left when this returns.
 *
 * The command gets a session of its own, no input, `/` as its directory, the environment of the table,
 * and default signals. When its time is up its group gets SIGTERM, a second later everything SIGKILL.
 */

#include "agent/hook_lines.h"
#include "agent/hook_table.h"

struct hook_command {
    const struct hook_entry *entry;
    const struct clock *clock;
    int life; /* a pipe that ends, with nothing in it, when the command shall: it is given a moment */
    struct hook_lines *lines; /* what it says, on both outputs */
};

/*
 * NULL: it ended with status 0. ERR_TIMEOUT; ERR_CANCELLED: `life` ended first; ERR_NOT_FOUND and
 * ERR_STORAGE: it could not be started; ERR_UNAVAILABLE: it failed. SIGCHLD must be blocked, and the
 * process a subreaper.
 */
RESULT hook_command_run(const struct hook_command *c);

#endif
