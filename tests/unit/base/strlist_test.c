/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strlist.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static void assert_joined(const struct strlist *l, const char *wanted)
{
    char *s = strlist_join(l, ", ");
    assert_string_equal(s, wanted);
    free(s);
}

static void test_added_strings_are_copies_in_order(void **state)
{
    (void)state;
    struct strlist l = {0};
    char name[8];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        assert_ok(strlist_add(&l, name));
    }
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        assert_string_equal(l.items[i], name);
        assert_true(strlist_has(&l, name));
    }
    assert_false(strlist_has(&l, "s"));
    strlist_release(&l);
    assert_int_equal(l.len, 0);
    strlist_release(&l);
}

static void test_join_and_split(void **state)
{
    (void)state;
    struct strlist l = {0};
    assert_joined(&l, "none");
    assert_ok(strlist_split(&l, ",a,,bc,d,", ','));
    assert_joined(&l, "a, bc, d");
    assert_ok(strlist_add_n(&l, "xyz", 2));
    assert_joined(&l, "a, bc, d, xy");
    assert_ok(strlist_split(&l, "", ','));
    assert_int_equal(l.len, 4);
    strlist_release(&l);
}

static void test_copy_replaces_and_stands_alone(void **state)
{
    (void)state;
    struct strlist from = {0}, to = {0};
    assert_ok(strlist_add(&from, "new"));
    assert_ok(strlist_add(&to, "old"));
    assert_ok(strlist_copy(&to, &from));
    strlist_release(&from);
    assert_joined(&to, "new");
    strlist_release(&to);
}

static void test_equal_are_the_same_strings_in_the_same_order(void **state)
{
    (void)state;
    struct strlist a = {0}, b = {0};
    assert_true(strlist_equals(&a, &b));
    assert_ok(strlist_split(&a, "x y", ' '));
    assert_ok(strlist_split(&b, "y x", ' '));
    assert_false(strlist_equals(&a, &b));
    assert_ok(strlist_copy(&b, &a));
    assert_true(strlist_equals(&a, &b));
    assert_ok(strlist_add(&b, "z"));
    assert_false(strlist_equals(&a, &b));
    assert_false(strlist_equals(&b, &a));
    strlist_release(&a);
    strlist_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_added_strings_are_copies_in_order),
        cmocka_unit_test(test_join_and_split),
        cmocka_unit_test(test_copy_replaces_and_stands_alone),
        cmocka_unit_test(test_equal_are_the_same_strings_in_the_same_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
