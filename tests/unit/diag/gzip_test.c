/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/gzip.h"

#include "tests/support/assert_err.h"

#include <zlib.h>

/* What a client makes of it. */
static size_t unpack(struct bytes in, uint8_t *out, size_t size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in.data,
                  .avail_in = (uInt)in.len,
                  .next_out = out,
                  .avail_out = (uInt)size};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    inflateEnd(&z);
    return z.total_out;
}

static void assert_round_trip(struct bytes in)
{
    static uint8_t out[1 << 20];
    CLEANUP(buf_release) struct buf packed = BUF_INIT(1 << 20);
    assert_ok(gzip_pack(in, &packed));
    assert_int_equal(unpack(buf_bytes(&packed), out, sizeof(out)), in.len);
    if (in.len > 0)
        assert_memory_equal(out, in.data, in.len);
}

static void test_gzip_reads_back_as_it_was(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    uint32_t noise = 1;
    assert_round_trip((struct bytes){0});
    assert_round_trip(bytes_of_str("a"));
    for (int i = 0; i < 5000; i++)
        assert_ok(buf_printf(&text, "tbot_x_total{a=\"%d\"} %d\n", i % 7, i));
    assert_round_trip(buf_bytes(&text));
    for (size_t i = 0; i < text.len; i++) {
        noise = noise * 1664525 + 1013904223;
        text.data[i] = (uint8_t)(noise >> 24);
    }
    assert_round_trip(buf_bytes(&text));
}

static void test_gzip_adds_behind_what_is_there(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    uint8_t out[16];
    assert_ok(buf_add_str(&b, "head"));
    assert_ok(gzip_pack(bytes_of_str("tail"), &b));
    assert_int_equal(unpack((struct bytes){b.data + 4, b.len - 4}, out, sizeof(out)), 4);
    assert_memory_equal(b.data, "head\x1f\x8b", 6);
}

static void test_gzip_without_room_is_an_error(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(8);
    assert_fails(gzip_pack(bytes_of_str("anything"), &b), ERR_REJECTED, "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip_reads_back_as_it_was),
        cmocka_unit_test(test_gzip_adds_behind_what_is_there),
        cmocka_unit_test(test_gzip_without_room_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
