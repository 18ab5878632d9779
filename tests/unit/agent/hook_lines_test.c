/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_lines.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

struct told {
    char text[100000];
    size_t len;
    unsigned lines;
};

static void tell(void *arg, const char *line)
{
    struct told *t = arg;
    assert_true(strlen(line) < HOOK_LINES_SIZE);
    t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s|", line);
    t->lines++;
}

static void test_lines_are_told_when_they_end(void **state)
{
    struct told *t = *state;
    struct hook_lines l = {.tell = tell, .arg = t};
    hook_lines_add(&l, "on", 2);
    assert_string_equal(t->text, "");
    hook_lines_add(&l, "e\r\n\n\ntwo\nthr", 12);
    assert_string_equal(t->text, "one|two|");
    hook_lines_end(&l);
    assert_string_equal(t->text, "one|two|thr|");
    hook_lines_end(&l);
    assert_int_equal(t->lines, 3);
}

static void test_what_steers_terminals_is_told_by_its_number(void **state)
{
    struct told *t = *state;
    struct hook_lines l = {.tell = tell, .arg = t};
    const char text[] = "a\tb\033[31m\0\177\303\274~\n";
    hook_lines_add(&l, text, sizeof(text) - 1);
    assert_string_equal(t->text, "a b\\x1b[31m\\x00\\x7f\\xc3\\xbc~|");
}

static void test_long_line_is_cut_and_the_next_is_whole(void **state)
{
    struct told *t = *state;
    struct hook_lines l = {.tell = tell, .arg = t};
    for (int i = 0; i < 5000; i++)
        hook_lines_add(&l, i % 2 ? "x" : "\001", 1);
    hook_lines_add(&l, "\nshort\n", 7);
    assert_int_equal(t->lines, 2);
    assert_non_null(strstr(t->text, "...|short|"));
    assert_true(t->len > HOOK_LINES_SIZE - 10);
}

static void test_flood_is_counted(void **state)
{
    struct told *t = *state;
    struct hook_lines l = {.tell = tell, .arg = t};
    for (int i = 0; i < HOOK_LINES_MAX + 12345; i++)
        hook_lines_add(&l, "y\n", 2);
    assert_int_equal(t->lines, HOOK_LINES_MAX);
    hook_lines_end(&l);
    assert_int_equal(t->lines, HOOK_LINES_MAX + 1);
    assert_non_null(strstr(t->text, "y|(12345 further lines are left out)|"));
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct told));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_are_told_when_they_end),
        TEST(test_what_steers_terminals_is_told_by_its_number),
        TEST(test_long_line_is_cut_and_the_next_is_whole),
        TEST(test_flood_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
