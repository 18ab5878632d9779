/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_preload.h"

#include "base/dir.h"
#include "tests/support/assert_err.h"

#include <dlfcn.h>
#include <stdio.h>

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

static bool is_loaded(const char *module, int flags)
{
    char file[128];
    snprintf(file, sizeof(file), "libnss_%s.so.2", module);
    return dlopen(file, RTLD_NOW | flags) != NULL;
}

/* Of whatever this machine has: what could be loaded later is loaded now. */
static void test_nothing_is_left_to_load(void **state)
{
    (void)state;
    CLEANUP(strlist_release) struct strlist modules = {0};
    CLEANUP(buf_freep) struct buf *text = NULL;
    sandbox_preload();
    struct err *e = file_read("/etc/nsswitch.conf", 65536, &text);
    if (!e)
        assert_ok(sandbox_preload_modules(buf_bytes(text), &modules));
    err_free(e);
    for (size_t i = 0; i < modules.len; i++) {
        bool was_loaded = is_loaded(modules.items[i], RTLD_NOLOAD);
        assert_int_equal(was_loaded, is_loaded(modules.items[i], 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules_of_names_are_found),
        cmocka_unit_test(test_what_is_no_module_is_left_out),
        cmocka_unit_test(test_nothing_is_left_to_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
