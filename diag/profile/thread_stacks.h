/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_THREAD_STACKS_H
#define TBOT_DIAG_PROFILE_THREAD_STACKS_H

/*
 * What every thread is doing: number, name, state, processor time, and where it is. As text for people,
 * in the form of Go's goroutine profile with debug=1, which `go tool pprof` reads too.
 *
 * Each thread is asked by a signal and answers from its handler. One that does not answer in time (it
 * is stuck in the kernel, or blocks SIGURG) is listed without a stack.
 */

#include "base/buf.h"
#include "base/ctx.h"

/* Takes half a second at most. ERR_BUSY: another is being made. ERR_CANCELLED. */
RESULT thread_stacks_print(const struct ctx *ctx, struct buf *out);

#endif
