/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "tests/support/assert_err.h"

#include <inttypes.h>

static void test_given_is_neither_nothing_nor_empty(void **state)
{
    (void)state;
    assert_null(text_given(NULL));
    assert_null(text_given(""));
    assert_string_equal(text_given("a"), "a");
}

static void test_nothing_equals_an_empty_text(void **state)
{
    (void)state;
    assert_true(text_equals(NULL, NULL) && text_equals(NULL, "") && text_equals("", NULL));
    assert_true(text_equals("a", "a"));
    assert_false(text_equals("a", NULL) || text_equals("", "a") || text_equals("a", "b"));
}

static void test_format_makes_a_text_of_its_own(void **state)
{
    (void)state;
    CLEANUP(freep) char *text = NULL;
    assert_ok(text_format(&text, "%s/%u", "dir", 7U));
    assert_string_equal(text, "dir/7");
}

static void test_prefix_is_stepped_over_if_it_is_there(void **state)
{
    (void)state;
    const char *text = "unix:/run";
    assert_false(text_take_prefix(&text, "http:"));
    assert_string_equal(text, "unix:/run");
    assert_true(text_take_prefix(&text, "unix:"));
    assert_string_equal(text, "/run");
    assert_false(text_take_prefix(&text, "/run/more"));
}

static void test_number_is_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char *const others[] = {NULL, "",   "-1",  "+1",
                                         " 1", "1 ", "0x1", "9223372036854775808"};
    int64_t n = 0;
    assert_true(text_number("0", &n) && n == 0);
    assert_true(text_number("9223372036854775807", &n) && n == INT64_MAX);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(text_number(others[i], &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_is_neither_nothing_nor_empty),
        cmocka_unit_test(test_nothing_equals_an_empty_text),
        cmocka_unit_test(test_format_makes_a_text_of_its_own),
        cmocka_unit_test(test_prefix_is_stepped_over_if_it_is_there),
        cmocka_unit_test(test_number_is_digits_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
