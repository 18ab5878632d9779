/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diag_place.h"

#include "tests/support/assert_err.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static char *in_session(const char *name)
{
    (void)name;
    static char dir[] = "/run/user/7";
    return dir;
}

static char *in_service(const char *name)
{
    (void)name;
    return NULL;
}

static char *with_nonsense(const char *name)
{
    (void)name;
    static char dir[] = "relative";
    return dir;
}

static void check(const char *lines, char *(*get)(const char *), const char *expected)
{
    char text[200];
    CLEANUP(config_freep) struct config *c = NULL;
    CLEANUP(freep) char *path = NULL;
    snprintf(text, sizeof(text),
             "version: v2\nauth_server: a:1\nonboarding: {join_method: token, token: t}\n%s",
             lines);
    assert_ok(config_parse("t", bytes_of_str(text), &c));
    assert_ok(config_validate(c));
    assert_ok(diag_place_socket(c, get, &path));
    if (expected)
        assert_string_equal(path, expected);
    else
        assert_null(path);
}

static void test_socket_is_in_the_storage_unless_told_otherwise(void **state)
{
    (void)state;
    check("storage: {type: directory, path: /s}\n", in_session, "/s/diag.sock");
    check("", in_session, CONFIG_DEFAULT_STORAGE "/diag.sock");
    check("diag_socket: /run/here.sock\n", in_session, "/run/here.sock");
    check("diag_socket: off\n", in_session, NULL);
    check("diag_socket: ''\n", in_session, CONFIG_DEFAULT_STORAGE "/diag.sock");
}

/* What listens and what asks must name one place, which no address can do with a relative path. */
static void test_relative_storage_is_in_the_present_directory(void **state)
{
    (void)state;
    CLEANUP(freep) char *here = getcwd(NULL, 0);
    char expected[PATH_MAX + 32];
    assert_non_null(here);
    snprintf(expected, sizeof(expected), "%s/./x/diag.sock", here);
    check("storage: {type: directory, path: ./x}\n", in_session, expected);
}

static void test_socket_of_storage_in_memory_is_in_a_directory_for_such(void **state)
{
    (void)state;
    check("storage: {type: memory}\n", in_session, "/run/user/7/tbot-diag.sock");
    check("storage: {type: memory}\n", in_service, "/run/tbot/diag.sock");
    check("storage: {type: memory}\n", with_nonsense, "/run/tbot/diag.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket_is_in_the_storage_unless_told_otherwise),
        cmocka_unit_test(test_relative_storage_is_in_the_present_directory),
        cmocka_unit_test(test_socket_of_storage_in_memory_is_in_a_directory_for_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
