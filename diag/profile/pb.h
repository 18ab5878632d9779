/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_PB_H
#define TBOT_DIAG_PROFILE_PB_H

/*
 * Protocol buffers, written by hand: a profile is six small messages that only ever leave us, for which
 * a generated library would hold every sample in memory a second time.
 *
 * Fields are appended to `b` in the order of the calls; a zero and an empty text are left out, as proto3
 * does. An inner message is made in a buffer of its own, then added with pb_bytes().
 */

#include "base/buf.h"

/* A bare varint: an element of a packed list. */
RESULT pb_varint(struct buf *b, uint64_t v);

RESULT pb_uint(struct buf *b, unsigned field, uint64_t v);

/* A text, an inner message or a packed list; also when it is empty: a list keeps its places. */
RESULT pb_bytes(struct buf *b, unsigned field, struct bytes v);

#endif
