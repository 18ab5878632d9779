/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_LIVENESS_H
#define TBOT_DIAG_LIVENESS_H

/*
 * Does the main loop make progress? Pure.
 *
 * A timer of the loop ticks. Who asks is answered on that same loop: while it stands still he gets no
 * answer, and the answers of the first second after it say how long it stood: those who asked
 * meanwhile are all told, whichever comes first, the tick or their request. Both fail a probe, the second
 * with a reason.
 */

#include "base/clock.h"

struct liveness {
    struct mono ticked;
    struct dur stall; /* 0: never unhappy */
    struct dur stood; /* the last stall, which is told of until then */
    struct mono told_until;
};

/* The loop turns. */
void liveness_tick(struct liveness *l, struct mono now);

/* When the next tick is due; MONO_NEVER: none needed. */
struct mono liveness_next_tick(const struct liveness *l);

/* How long it has stood still, when that is too long; else 0. */
struct dur liveness_stalled(const struct liveness *l, struct mono now);

#endif
