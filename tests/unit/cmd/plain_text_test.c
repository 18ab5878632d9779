/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/plain_text.h"

#include "tests/support/assert_err.h"

#include <string.h>

static void test_what_could_steer_a_terminal_becomes_a_question_mark(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"/etc/tbot.yaml", "/etc/tbot.yaml"},
        {"größe … ok", "größe … ok"},
        {"a\033[2Jb\r\nc\td", "a?[2Jb??c?d"},
        {"x\x7fy\xc2\x9bz", "x?y?z"}, /* DEL, and the C1 form of ESC [ */
        {"cut \xe2\x80", "cut ??"},
        {"\xff\xfe", "??"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *plain = plain_text(cases[i].in);
        assert_string_equal(plain, cases[i].out);
        free(plain);
    }
}

static void test_of_several_lines_the_ends_stay(void **state)
{
    (void)state;
    char *plain = plain_lines("a{b=\"\033[2J\"} 1\r\n\tc 2\n");
    assert_string_equal(plain, "a{b=\"?[2J\"} 1?\n?c 2\n");
    free(plain);
}

static void test_columns_count_characters(void **state)
{
    (void)state;
    assert_int_equal(plain_text_columns("", 0), 0);
    assert_int_equal(plain_text_columns("abc", 3), 3);
    assert_int_equal(plain_text_columns("größe …", strlen("größe …")), 7);
}

static void test_cut_is_between_characters(void **state)
{
    (void)state;
    assert_int_equal(plain_text_fit("", 3), 0);
    assert_int_equal(plain_text_fit("abc", 0), 0);
    assert_int_equal(plain_text_fit("abc", 2), 2);
    assert_int_equal(plain_text_fit("abc", 3), 3);
    assert_int_equal(plain_text_fit("abc", 4), 3);
    assert_int_equal(plain_text_fit("größe", 3), strlen("grö"));
    assert_int_equal(plain_text_fit("größe", 4), strlen("größ"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_is_between_characters),
        cmocka_unit_test(test_what_could_steer_a_terminal_becomes_a_question_mark),
        cmocka_unit_test(test_of_several_lines_the_ends_stay),
        cmocka_unit_test(test_columns_count_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
