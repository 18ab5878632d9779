/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_SWEEP_H
#define TBOT_AGENT_HOOK_SWEEP_H

/*
 * Ends whatever the calling process has started, and what that has started in turn, be it in sessions
 * of its own: the caller is a subreaper (PR_SET_CHILD_SUBREAPER), so that whoever loses his parent
 * becomes its child, and children are found in /proc and killed until there are none. The caller has one thread.
 */

#include "base/clock.h"

#include <sys/types.h>

/*
 * `group` is killed first, as one, which also stops a program that multiplies; its leader is a child
 * that has not been waited for. 0: none. Waits for `limit` at most: false when something is left that
 * cannot be killed, for it belongs to somebody else or hangs in the system.
 */
bool hook_sweep(pid_t group, const struct clock *clock, struct dur limit);

#endif
