/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/pb.h"

#include "tests/support/assert_err.h"

static struct buf out = BUF_INIT(1000);

static int empty(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void assert_bytes(const char *expected, size_t len)
{
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, expected, len);
    buf_clear(&out);
}

static void test_varint_is_little_endian_in_sevens(void **state)
{
    (void)state;
    assert_ok(pb_varint(&out, 0));
    assert_bytes("\x00", 1);
    assert_ok(pb_varint(&out, 300));
    assert_bytes("\xac\x02", 2);
    assert_ok(pb_varint(&out, UINT64_MAX));
    assert_bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void test_field_has_its_number_and_type(void **state)
{
    (void)state;
    assert_ok(pb_uint(&out, 1, 150));
    assert_bytes("\x08\x96\x01", 3);
    assert_ok(pb_uint(&out, 14, 1));
    assert_bytes("\x70\x01", 2);
    assert_ok(pb_bytes(&out, 2, bytes_of_str("testing")));
    assert_bytes("\x12\x07testing", 9);
}

static void test_zero_is_left_out_and_an_empty_text_is_not(void **state)
{
    (void)state;
    assert_ok(pb_uint(&out, 3, 0));
    assert_int_equal(out.len, 0);
    assert_ok(pb_bytes(&out, 6, bytes_of_str("")));
    assert_bytes("\x32\x00", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_varint_is_little_endian_in_sevens, empty),
        cmocka_unit_test_teardown(test_field_has_its_number_and_type, empty),
        cmocka_unit_test_teardown(test_zero_is_left_out_and_an_empty_text_is_not, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
