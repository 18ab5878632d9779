/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_HELPER_H
#define TBOT_AGENT_HOOK_HELPER_H

/*
 * The process that runs hooks for the agent: forked before the agent has threads and before its sandbox
 * closes, it is neither bound by that sandbox nor a hole in it: it runs what is in its table, which no
 * message can change.
 *
 *     agent ──numbers──► helper ──fork──► keeper of one run ──posix_spawn──► command
 *           ◄──────────── lines, outcomes ────┘
 *
 * The helper only starts keepers, at most HOOK_HELPER_AT_ONCE at a time and one for each hook; what is
 * asked for meanwhile waits. A keeper does one run and tells how it went; whatever the command leaves
 * behind becomes the keeper's child and is killed. When the agent's side of the socket ends, or the
 * helper itself is killed, a pipe ends that every keeper watches: what runs gets a moment and is killed.
 * The helper ends after its keepers.
 *
 * Of what the agent has open only the socket and standard error stay; no signal that is meant for the
 * agent, from a terminal or a service manager that tells a whole group, ends it.
 */

#include "agent/hook_table.h"

#define HOOK_HELPER_AT_ONCE 8

/* The rest of this process's life, right after fork(2). `fd` is its end of the pair. */
_Noreturn void hook_helper_run(const struct hook_table *table, const struct clock *clock, int fd);

#endif
