/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/wire.h"

#include "tests/support/assert_err.h"

static void add_varint(struct buf *b, uint64_t value)
{
    while (value >= 0x80) {
        assert_ok(buf_add_u8(b, (uint8_t)(value | 0x80)));
        value >>= 7;
    }
    assert_ok(buf_add_u8(b, (uint8_t)value));
}

void wire_varint(struct buf *b, unsigned field, uint64_t value)
{
    add_varint(b, field << 3);
    add_varint(b, value);
}

void wire_bytes(struct buf *b, unsigned field, struct bytes value)
{
    add_varint(b, field << 3 | 2);
    add_varint(b, value.len);
    assert_ok(buf_add(b, value.data, value.len));
}

void wire_text(struct buf *b, unsigned field, const char *value)
{
    wire_bytes(b, field, bytes_of_str(value));
}

void wire_message(struct buf *b, unsigned field, const struct buf *value)
{
    wire_bytes(b, field, buf_bytes(value));
}

void wire_assert_equal(const struct buf *got, const struct buf *want)
{
    assert_int_equal(got->len, want->len);
    if (want->len)
        assert_memory_equal(got->data, want->data, want->len);
}
