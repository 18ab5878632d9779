/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_HOOK_MESSAGE_H
#define TBOT_AGENT_HOOK_MESSAGE_H

/*
 * What the agent and its helper say to each other over a SOCK_SEQPACKET pair: one message is one
 * packet of fixed size, and whatever has another size is none. The agent says the number of a hook; it
 * says that it goes by ending its side.
 */

#include <stdint.h>

#define HOOK_MESSAGE_TEXT 512
#define HOOK_MESSAGE_HINT 256

/* To the helper: run this one, once more if it runs. */
struct hook_ask {
    uint32_t index;
};

enum hook_told {
    HOOK_SAYS, /* a line of its output */
    HOOK_ENDED,
};

/* To the agent. */
struct hook_tell {
    uint32_t told; /* enum hook_told */
    uint32_t index;
    uint32_t code; /* HOOK_ENDED: enum err_code */
    char text[HOOK_MESSAGE_TEXT];
    char hint[HOOK_MESSAGE_HINT];
};

#endif
