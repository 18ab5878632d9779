/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_WIRE_H
#define TBOT_TESTS_SUPPORT_WIRE_H

/*
 * Protobuf's wire format by hand: tests build messages from field numbers, so that a wrong number
 * in a schema fails instead of agreeing with itself. All functions fail the running test on error.
 */

#include "base/buf.h"

void wire_varint(struct buf *b, unsigned field, uint64_t value);
void wire_bytes(struct buf *b, unsigned field, struct bytes value);
void wire_text(struct buf *b, unsigned field, const char *value);
void wire_message(struct buf *b, unsigned field, const struct buf *value);

/* Fails the test unless `got` holds exactly the bytes of `want`. */
void wire_assert_equal(const struct buf *got, const struct buf *want);

#endif
