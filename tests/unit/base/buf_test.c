/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "tests/support/assert_err.h"

static void test_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10);
    assert_null(b.data);
    assert_string_equal(buf_str(&b), "");
    char *s = buf_take_str(&b);
    assert_string_equal(s, "");
    free(s);
    assert_ok(buf_add(&b, NULL, 0));
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void test_additions_follow_each_other(void **state)
{
    (void)state;
    CLEANUP(buf_freep) struct buf *b = buf_new(1000);
    static const uint8_t wanted[] = {'a', 'b', 1, 0, 0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, '7', 'x'};
    assert_ok(buf_add_str(b, "ab"));
    assert_ok(buf_add_u8(b, 1));
    assert_ok(buf_add_u32be(b, 0x102));
    assert_ok(buf_add_u64be(b, UINT64_C(0x0102030405060708)));
    assert_ok(buf_printf(b, "%d%s", 7, "x"));
    assert_int_equal(b->len, sizeof(wanted));
    assert_memory_equal(b->data, wanted, sizeof(wanted));
    assert_int_equal(b->data[b->len], 0);
    assert_int_equal(buf_bytes(b).len, sizeof(wanted));
}

static void test_growing_keeps_the_content(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(100000);
    for (int i = 0; i < 20000; i++)
        assert_ok(buf_add_u8(&b, (uint8_t)(i % 251)));
    for (int i = 0; i < 20000; i++)
        assert_int_equal(b.data[i], i % 251);
    assert_int_equal(b.data[20000], 0);
    buf_release(&b);
    assert_null(b.data);
}

static void test_limit_is_exact_and_a_refused_addition_changes_nothing(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(5);
    assert_ok(buf_add_str(&b, "1234"));
    assert_fails(buf_add_str(&b, "56"), ERR_REJECTED, "too large: more than 5 bytes");
    assert_fails(buf_printf(&b, "%d", 56), ERR_REJECTED, "too large");
    assert_string_equal(buf_str(&b), "1234");
    assert_ok(buf_add_str(&b, "5"));
    assert_fails(buf_add_u8(&b, 0), ERR_REJECTED, "too large");
    assert_fails(buf_add(&b, "x", SIZE_MAX), ERR_REJECTED, "too large");
    buf_release(&b);
}

static void test_reserved_room_is_content_after_commit(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(1000);
    uint8_t *at = NULL;
    assert_ok(buf_add_str(&b, "x"));
    assert_ok(buf_reserve(&b, 500, &at));
    assert_ptr_equal(at, b.data + 1);
    assert_string_equal(buf_str(&b), "x");
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): buf_commit() ends it */
    memcpy(at, "yz!", 3);
    buf_commit(&b, 2);
    assert_string_equal(buf_str(&b), "xyz");
    buf_release(&b);
}

static void test_take_str_leaves_an_empty_buffer(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10);
    assert_ok(buf_add_str(&b, "abc"));
    char *s = buf_take_str(&b);
    assert_string_equal(s, "abc");
    free(s);
    assert_int_equal(b.len, 0);
    assert_ok(buf_add_str(&b, "d"));
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_buffer_is_an_empty_text),
        cmocka_unit_test(test_additions_follow_each_other),
        cmocka_unit_test(test_growing_keeps_the_content),
        cmocka_unit_test(test_limit_is_exact_and_a_refused_addition_changes_nothing),
        cmocka_unit_test(test_reserved_room_is_content_after_commit),
        cmocka_unit_test(test_take_str_leaves_an_empty_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
