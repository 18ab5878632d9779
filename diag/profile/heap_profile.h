/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_HEAP_PROFILE_H
#define TBOT_DIAG_PROFILE_HEAP_PROFILE_H

/*
 * Which code allocated what is allocated: sampled, so that it may always run with --debug.
 *
 * On average one allocation in so many bytes is looked at, each byte with the same chance; what was
 * found is scaled up by that chance. Sizes that occur often come out right within some percent.
 * Counting begins with heap_profile_start(): earlier allocations are not in it.
 *
 * Only in programs that link tbot_heap_hooks; there is none with sanitizers. Allocators that are put
 * in place by LD_PRELOAD are not used by such a program.
 *
 * Threads: any.
 */

#include "base/buf.h"
#include "base/clock.h"

/* An agent holds less than a megabyte: the 512 KiB usual elsewhere would hardly find anything. */
#define HEAP_PROFILE_RATE ((size_t)64 * 1024)

/*
 * Begins, for good and once in a process: one sample in `rate` bytes. ERR_UNIMPLEMENTED: not in this
 * build, or no safe unwinder.
 */
RESULT heap_profile_start(size_t rate);

/* Adds the bytes of the profile to `out`. ERR_UNAVAILABLE: not started. */
RESULT heap_profile_take(const struct clock *clock, struct buf *out);

#endif
