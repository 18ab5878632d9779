/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_CPU_PROFILE_H
#define TBOT_DIAG_PROFILE_CPU_PROFILE_H

/*
 * Where processor time goes, in all threads, those of gRPC included.
 *
 * 100 times in a second of its own processor time every thread is interrupted, and notes its stack;
 * who called this function collects. Threads that begin meanwhile are found within a quarter of a
 * second. Costs about 10 µs per sample, so a tenth of a percent of each processor that is busy.
 *
 * Threads must not block SIGPROF: base/thread.h leaves it open. Interrupted system calls are begun
 * again by the kernel, or end with EINTR where it does not do that, e.g. poll(2).
 */

#include "base/buf.h"
#include "base/ctx.h"

#define CPU_PROFILE_HZ 100

/*
 * Blocks for `span`, then adds the bytes of the profile to `out`. ERR_BUSY: another is being made;
 * ERR_UNIMPLEMENTED: there is no safe unwinder on this system; ERR_CANCELLED.
 */
RESULT cpu_profile_take(const struct ctx *ctx, struct dur span, struct buf *out);

#endif
