/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_LIVENESS_H
#define TBOT_DIAG_LIVENESS_H

/*
 * Does the main loop make progress? Pure.
 *
 * A timer of the loop ticks. Who asks is answered on that same loop: while it stands still he gets no
 * answer, and the first answer after it says how long it stood. Both fail a probe, the second one
 * with a reason.
 */

#include "base/clock.h"

struct liveness {
    struct mono ticked;
    struct dur stall; /* 0: never unhappy */
};

/* When the next tick is due; MONO_NEVER: none needed. */
struct mono liveness_next_tick(const struct liveness *l);

/* How long it has stood still, when that is too long; else 0. */
struct dur liveness_stalled(const struct liveness *l, struct mono now);

#endif
