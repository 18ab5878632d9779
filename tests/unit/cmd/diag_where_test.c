/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_where.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>

static void test_addresses_are_read_in_every_form(void **state)
{
    static const struct {
        const char *text;
        enum diag_where_kind kind;
        const char *shown;
    } cases[] = {
        {"127.0.0.1:3001", DIAG_WHERE_PLAIN, "127.0.0.1:3001"},
        {"node7:3001", DIAG_WHERE_PLAIN, "node7:3001"},
        {"http://node7:3001", DIAG_WHERE_PLAIN, "node7:3001"},
        {"http://node7:3001/", DIAG_WHERE_PLAIN, "node7:3001"},
        {"https://node7:3001", DIAG_WHERE_TLS, "node7:3001"},
        {"https://[::1]:3001", DIAG_WHERE_TLS, "[::1]:3001"},
        {"0.0.0.0:3001", DIAG_WHERE_PLAIN, "localhost:3001"},
        {"[::]:3001", DIAG_WHERE_PLAIN, "localhost:3001"},
        {":3001", DIAG_WHERE_PLAIN, "localhost:3001"},
        {"unix:/run/x.sock", DIAG_WHERE_SOCKET, "/run/x.sock"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct diag_where w;
        assert_ok(diag_where_parse(cases[i].text, &w));
        assert_int_equal(w.kind, cases[i].kind);
        assert_string_equal(w.text, cases[i].shown);
    }
}

static void test_what_is_no_address_is_a_mistake_of_the_line(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "address ''"},
        {"node7", "the port is missing"},
        {"https://node7", "the port is missing"},
        {"node7:x", "not an address"},
        {"ftp://node7:1", "not an address"},
        {"systemd:diag", "only systemd knows"},
    };
    char path[256];
    struct diag_where w;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_fails(diag_where_parse(cases[i].text, &w), ERR_USAGE, cases[i].why);
    snprintf(path, sizeof(path), "unix:/%0107d", 7);
    assert_fails(diag_where_parse(path, &w), ERR_USAGE, "longer than the 107 bytes");
}

static void test_socket_is_the_storages(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct globals globals = {0};
    struct diag_options o = {.globals = &globals, .storage = "/srv/bot"};
    struct diag_where w;
    (void)state;
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, "/srv/bot/diag.sock");
    temp_dir_write(&tmp, "tbot.yaml", "version: v2\nstorage: /srv/other\n");
    globals.config_path = temp_dir_join(&tmp, "tbot.yaml");
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, "/srv/bot/diag.sock"); /* the command line wins */
    o.storage = NULL;
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, "/srv/other/diag.sock");
    o.diag_socket = "/run/this.sock";
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, "/run/this.sock");
}

static void test_without_a_socket_the_address_of_the_file_is_asked(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct globals globals = {0};
    struct diag_options o = {.globals = &globals};
    struct diag_where w;
    (void)state;
    temp_dir_write(&tmp, "tbot.yaml", "version: v2\ndiag_socket: off\ndiag_addr: 0.0.0.0:3001\n");
    globals.config_path = temp_dir_join(&tmp, "tbot.yaml");
    assert_ok(diag_where_find(&o, &w));
    assert_int_equal(w.kind, DIAG_WHERE_PLAIN);
    assert_string_equal(w.text, "localhost:3001");
    temp_dir_write(&tmp, "tbot.yaml", "version: v2\ndiag_socket: off\n");
    globals.config_path = temp_dir_join(&tmp, "tbot.yaml");
    assert_fails(diag_where_find(&o, &w), ERR_UNAVAILABLE, "has the agent listen nowhere");
}

/* An agent that stores in memory is found where there is none with the default storage. */
static void test_without_a_word_it_is_the_one_that_is_there(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct globals globals = {0};
    struct diag_options o = {.globals = &globals};
    struct diag_where w;
    (void)state;
    if (access("/var/lib/teleport/bot/diag.sock", F_OK) == 0)
        skip();
    setenv("XDG_RUNTIME_DIR", tmp.path, 1);
    assert_true(diag_where_is_guess(&o));
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, "/var/lib/teleport/bot/diag.sock");
    temp_dir_write(&tmp, "tbot-diag.sock", "");
    assert_ok(diag_where_find(&o, &w));
    assert_string_equal(w.path, temp_dir_join(&tmp, "tbot-diag.sock"));
    unsetenv("XDG_RUNTIME_DIR");
}

static void test_file_that_cannot_be_read_is_a_mistake_of_the_configuration(void **state)
{
    struct globals globals = {.config_path = "/nonexistent/tbot.yaml"};
    struct diag_options o = {.globals = &globals};
    struct diag_where w;
    (void)state;
    assert_fails(diag_where_find(&o, &w), ERR_CONFIG, "/nonexistent/tbot.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_read_in_every_form),
        cmocka_unit_test(test_what_is_no_address_is_a_mistake_of_the_line),
        cmocka_unit_test(test_socket_is_the_storages),
        cmocka_unit_test(test_without_a_socket_the_address_of_the_file_is_asked),
        cmocka_unit_test(test_without_a_word_it_is_the_one_that_is_there),
        cmocka_unit_test(test_file_that_cannot_be_read_is_a_mistake_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
