/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/pb.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

RESULT pb_varint(struct buf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    return buf_add(b, bytes, n);
}

static struct err *add_key(struct buf *b, unsigned field, unsigned wire)
{
    return pb_varint(b, (uint64_t)field << 3 | wire);
}

RESULT pb_uint(struct buf *b, unsigned field, uint64_t v)
{
    if (v == 0)
        return NULL;
    TRY(add_key(b, field, WIRE_VARINT));
    return pb_varint(b, v);
}

RESULT pb_bytes(struct buf *b, unsigned field, struct bytes v)
{
    TRY(add_key(b, field, WIRE_BYTES));
    TRY(pb_varint(b, v.len));
    return v.len ? buf_add(b, v.data, v.len) : NULL;
}
