/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/absolute_path.h"

#include "base/cleanup.h"
#include "tests/support/assert_err.h"

#include <unistd.h>

static void test_relative_path_is_behind_the_present_directory(void **state)
{
    (void)state;
    CLEANUP(freep) char *before = getcwd(NULL, 0);
    CLEANUP(freep) char *path = NULL;
    assert_int_equal(chdir("/usr"), 0);
    assert_ok(absolute_path("bin/x", &path));
    assert_int_equal(chdir(before), 0);
    assert_string_equal(path, "/usr/bin/x");
}

static void test_absolute_path_stays_as_it_is(void **state)
{
    (void)state;
    CLEANUP(freep) char *path = NULL;
    assert_ok(absolute_path("/a//b/", &path));
    assert_string_equal(path, "/a//b/");
}

static void test_within_is_the_directory_and_what_is_below(void **state)
{
    (void)state;
    assert_true(absolute_path_is_within("/srv", "/srv"));
    assert_true(absolute_path_is_within("/srv/web/x", "/srv"));
    assert_true(absolute_path_is_within("/srv", "/srv//"));
    assert_true(absolute_path_is_within("/srv", "/"));
    assert_true(absolute_path_is_within("//srv/./web", "/./srv"));
    assert_false(absolute_path_is_within("/.srv", "/srv"));
    assert_true(absolute_path_is_within("/", "/"));
    assert_false(absolute_path_is_within("/srv2", "/srv"));
    assert_false(absolute_path_is_within("/", "/srv"));
    assert_false(absolute_path_is_within("/opt/srv", "/srv"));
}

static void test_two_dots_go_up_where_they_are_a_whole_part(void **state)
{
    (void)state;
    assert_true(absolute_path_goes_up("/a/../b"));
    assert_true(absolute_path_goes_up("/a/..data/.."));
    assert_false(absolute_path_goes_up("/a/..data/b../..."));
    assert_false(absolute_path_goes_up("/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relative_path_is_behind_the_present_directory),
        cmocka_unit_test(test_absolute_path_stays_as_it_is),
        cmocka_unit_test(test_within_is_the_directory_and_what_is_below),
        cmocka_unit_test(test_two_dots_go_up_where_they_are_a_whole_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
