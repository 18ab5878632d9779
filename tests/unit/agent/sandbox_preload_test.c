/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_preload.h"

#include "tests/support/assert_err.h"

static void check(const char *text, const char *expected)
{
    CLEANUP(strlist_release) struct strlist modules = {0};
    assert_ok(sandbox_preload_modules(bytes_of_str(text), &modules));
    CLEANUP(freep) char *all = strlist_join(&modules, " ");
    assert_string_equal(all, expected);
}

static void test_modules_of_names_are_found(void **state)
{
    (void)state;
    check("passwd: files systemd\ngroup:\t\tfiles systemd\nshadow: files ldap\n"
          "hosts:  files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns myhostname\n"
          "networks: files other\n",
          "systemd mdns4_minimal resolve myhostname");
    check("initgroups: sss", "sss");
}

static void test_what_is_no_module_is_left_out(void **state)
{
    (void)state;
    check("", "none");
    check("hosts:", "none");
    check("# hosts: sss\nhosts: files # sss\n", "none");
    check("hosts: files [ NOTFOUND=return SUCCESS=continue ] sss", "sss");
    check("  hosts: ../../tmp/x /tmp/y z\r\n", "z");
    check("myhosts: sss\nhosts sss\n", "none");
}

/* It really loads: a second time, and with whatever this machine has. */
static void test_preloading_may_be_done_anywhere(void **state)
{
    (void)state;
    sandbox_preload();
    sandbox_preload();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules_of_names_are_found),
        cmocka_unit_test(test_what_is_no_module_is_left_out),
        cmocka_unit_test(test_preloading_may_be_done_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
