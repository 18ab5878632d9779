/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_TURN_H
#define TBOT_TRANSPORT_TURN_H

/*
 * One attempt at something that several threads want: one does it, the others wait for its end,
 * each within its own deadline, and share a failure instead of repeating it one after the other.
 *
 * Reference counted; the counting is the caller's lock's business: turn_ref() and turn_free() are
 * called with it held, turn_wait() without.
 */

#include "base/ctx.h"

struct turn;

RESULT turn_new(struct turn **ret);
struct turn *turn_ref(struct turn *t);
void turn_free(struct turn *t); /* drops one reference; accepts NULL */

/* Ends it, once. `e` is borrowed: NULL for success. */
void turn_end(struct turn *t, const struct err *e);

/* NULL when it has ended, however that went; else what ended the waiting. */
RESULT turn_wait(struct turn *t, const struct ctx *ctx);

/*
 * How it went, after turn_wait(): NULL for success, and for a failure that was only the doer's own
 * (its deadline, its cancellation): then it is somebody else's turn. Else a copy of the failure.
 */
RESULT turn_outcome(const struct turn *t);

#endif
