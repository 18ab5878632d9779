/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_KEEPER_H
#define TBOT_AGENT_HOOK_KEEPER_H

/* The process of one run, see agent/hook_helper.h. */

#include "agent/hook_table.h"

struct hook_keeper {
    const struct hook_table *table;
    const struct clock *clock;
    uint32_t index;
    int fd;   /* to the agent */
    int life; /* see agent/hook_command.h */
};

/* Runs the hook and tells of it: the last message is HOOK_ENDED. */
void hook_keeper_run(struct hook_keeper *k);

/* Tells how a run ended; waits for room. An agent that is gone is told nothing. */
void hook_keeper_tell_end(const struct hook_keeper *k, const struct err *e);

#endif
