/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_ENTROPY_H
#define TBOT_BASE_ENTROPY_H

/*
 * Randomness for spreading load and naming temporary files. Keys come from OpenSSL's own generator.
 * Handed in, so that a test can script or seed it.
 */

#include "base/clock.h"

struct entropy {
    void (*fill)(const struct entropy *e, void *out, size_t len);
};

/* getrandom(2). Static, never freed. */
const struct entropy *entropy_system(void);

static inline void entropy_fill(const struct entropy *e, void *out, size_t len)
{
    e->fill(e, out, len);
}

/* Evenly distributed in [0, bound); 0 when bound is 0. */
uint64_t entropy_below(const struct entropy *e, uint64_t bound);

/* Evenly distributed in [lo, hi]. */
struct dur entropy_between(const struct entropy *e, struct dur lo, struct dur hi);

#endif
