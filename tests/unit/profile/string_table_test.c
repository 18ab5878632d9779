/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/string_table.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static size_t get(struct string_table *t, const char *text)
{
    size_t number = 0;
    assert_ok(string_table_get(t, text, &number));
    return number;
}

static void test_empty_is_number_zero(void **state)
{
    (void)state;
    CLEANUP(string_table_release) struct string_table t = {0};
    assert_int_equal(get(&t, "a"), 1);
    assert_int_equal(get(&t, ""), 0);
    assert_string_equal(t.texts[0], "");
}

static void test_thousands_keep_their_numbers(void **state)
{
    (void)state;
    CLEANUP(string_table_release) struct string_table t = {0};
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 1; i <= 5000; i++) {
            snprintf(text, sizeof(text), "function_%u", i);
            assert_int_equal(get(&t, text), i);
        }
    }
    assert_int_equal(t.n, 5001);
    assert_string_equal(t.texts[5000], "function_5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_is_number_zero),
        cmocka_unit_test(test_thousands_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
