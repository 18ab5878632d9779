/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_STACK_H
#define TBOT_DIAG_PROFILE_STACK_H

/*
 * Who called whom, right now.
 *
 * By libgcc's unwinder and the tables every object carries for it. Frame pointers would be quicker, but
 * distributions build libcrypto and libc without them: of samples taken inside OpenSSL hardly one found
 * its caller. From glibc 2.35 on the unwinder finds the tables without a lock (_dl_find_object), so it may
 * run in a signal handler while another thread loads a library; without that function nothing here
 * unwinds, rather than hang the agent.
 *
 * Threads: any, also in signal handlers once stack_prepare() has run.
 */

#include <stdbool.h>
#include <stdint.h>

/* Deeper callers are cut off: enough for gRPC's closures under a renewal. */
#define STACK_DEPTH_MAX 64

/*
 * Innermost first. Each address lies inside the instruction that was executing or calling, so it can
 * be looked up as it is: return addresses were set back by one.
 */
struct stack {
    unsigned depth;
    uintptr_t pc[STACK_DEPTH_MAX];
};

/* Whether stacks can be had on this system; without that, every stack is empty. */
bool stack_is_supported(void);

/* Makes the unwinder allocate and resolve, once, what it would at its first use. */
void stack_prepare(void);

/* The caller's own, without the innermost `skip` frames: 0 begins with the caller. Not for handlers. */
void stack_here(unsigned skip, struct stack *ret);

/* For a signal handler: of what the signal interrupted. */
void stack_interrupted(struct stack *ret);

#endif
