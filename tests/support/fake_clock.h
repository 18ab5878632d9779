/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_FAKE_CLOCK_H
#define TBOT_TESTS_FAKE_CLOCK_H

/*
 * A clock that a test moves.
 *
 *     struct fake_clock time;
 *     fake_clock_init(&time, "2026-01-02T03:04:05Z");
 *     struct ctx ctx = { .clock = &time.clock, .deadline = MONO_NEVER };
 *     fake_clock_advance(&time, dur_s(60));
 *
 * Set `tick` to make time pass by itself: every reading of the boot-time clock then moves both
 * clocks by that much, so that code which waits for a deadline comes to it. Threads: may be read
 * and moved by several.
 */

#include "base/clock.h"

#include <stdatomic.h>

struct fake_clock {
    struct clock clock; /* hand out the address of this */
    _Atomic int64_t mono_ns;
    _Atomic int64_t wall_ns;
    struct dur tick;
};

/* Boot time starts at 1000 s. `wall` is as wall_format() writes it, without milliseconds. */
void fake_clock_init(struct fake_clock *f, const char *wall);

/* Both clocks. */
void fake_clock_advance(struct fake_clock *f, struct dur d);

/* Somebody set the calendar; boot time stays. */
void fake_clock_jump_wall(struct fake_clock *f, struct dur d);

struct mono fake_clock_mono(const struct fake_clock *f);
struct wall fake_clock_wall(const struct fake_clock *f);

#endif
