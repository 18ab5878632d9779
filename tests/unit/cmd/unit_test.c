/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units word for word: those that packages ship, and what configurations make of one. UPDATE_GOLDEN=1 writes
 * them anew; tests/integration/systemd_test.py shows them to systemd.
 */
#include "cmd/unit.h"

#include "tests/support/assert_err.h"
#include "tests/support/config_text.h"
#include "tests/support/golden.h"

#define PLAIN "version: v2\nproxy_server: example.com:443\n"

static struct unit unit_of(const struct config *config)
{
    return (struct unit){.name = "tbot",
                         .user = "teleport",
                         .group = "teleport",
                         .program = "/usr/bin/tbot",
                         .file = "/etc/tbot.yaml",
                         .config = config};
}

static void render_and_hold(const struct unit *unit, const char *folder, const char *name)
{
    CLEANUP(freep) char *text = NULL;
    assert_ok(unit_render(unit, &text));
    golden_hold(folder, name, text);
}

/* The package's is for the example that is beside it; for another the command is there. */
static void test_packaged_units_are_what_the_command_writes(void **state)
{
    CLEANUP(config_freep) struct config *config = NULL;
    (void)state;
    assert_ok(config_load(TBOT_PACKAGING "/examples/tbot.yaml", &config));
    assert_ok(config_validate(config));
    struct unit unit = unit_of(config);
    render_and_hold(&unit, TBOT_PACKAGING "/systemd", "tbot.service");
    unit.is_template = true;
    unit.config = NULL;
    unit.file = NULL;
    render_and_hold(&unit, TBOT_PACKAGING "/systemd", "tbot@.service");
}

static const struct {
    const char *golden, *config;
} cases[] = {
    {"unit-outputs.service",
     PLAIN "onboarding: {join_method: token, token: '/etc/a token with %i'}\n"
           "storage: {type: directory, path: /var/lib/tbot/web}\n"
           "outputs:\n"
           "- {type: identity, destination: /srv/web}\n"
           "- {type: identity, destination: '/srv/100% \"of\" $it \\n'}\n"
           "- {type: identity, destination: /home/web/identity}\n"},
    {"unit-memory.service", PLAIN "onboarding: {join_method: token, token: literal}\n"
                                  "storage: {type: memory}\n"},
    {"unit-signals.service",
     PLAIN "onboarding: {join_method: token, token: literal}\n"
           "services:\n"
           "- {type: identity, destination: /srv/db, reload: {pid_file: /run/db.pid, signal: "
           "HUP}}\n"},
    {"unit-without-socket.service", PLAIN "onboarding: {join_method: token, token: literal}\n"
                                          "diag_socket: off\n"
                                          "storage: {type: directory, path: /data/tbot}\n"},
};

static void test_units_are_as_agreed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(config_freep) struct config *config = config_of_text("test", cases[i].config);
        const struct unit unit = unit_of(config);
        render_and_hold(&unit, TBOT_GOLDEN, cases[i].golden);
    }
}

static void test_options_of_start_go_with_it(void **state)
{
    CLEANUP(freep) char *text = NULL;
    struct unit unit = unit_of(NULL);
    (void)state;
    unit.is_template = true;
    unit.log_format = "json";
    unit.is_debug = true;
    unit.is_insecure = true;
    assert_ok(unit_render(&unit, &text));
    assert_non_null(strstr(text,
                           "\nExecStart=/usr/bin/tbot start -c /etc/tbot/%i.yaml --log-format "
                           "json --debug --insecure\n"));
}

static void assert_refused(const struct unit *unit, enum err_code code, const char *message)
{
    char *text = NULL;
    assert_fails(unit_render(unit, &text), code, message);
    assert_null(text);
}

static void test_hostile_names_are_refused(void **state)
{
    static const char *const names[] = {"",          "a/b", "../x", ".x",  "a b", "a%n",
                                        "a.service", "a@b", "a\nb", "a$x", "\"a", "\xff"};
    static const char *const users[] = {"",
                                        "-x",
                                        "a b",
                                        "a\nUser=root",
                                        "0day",
                                        "%u",
                                        "a:b",
                                        "..",
                                        "abcdefghijklmnopqrstuvwxyz0123456"};
    CLEANUP(config_freep)
    struct config *config = config_of_text("test", PLAIN "onboarding: {join_method: token, "
                                                         "token: literal}\n");
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct unit unit = unit_of(config);
        unit.name = names[i];
        assert_refused(&unit, ERR_USAGE, "option '--name'");
    }
    for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
        struct unit unit = unit_of(config);
        unit.user = users[i];
        assert_refused(&unit, ERR_USAGE, "option '--user'");
        unit = unit_of(config);
        unit.group = users[i];
        assert_refused(&unit, ERR_USAGE, "option '--group'");
    }
}

static void test_places_of_files_are_checked_as_well(void **state)
{
    CLEANUP(config_freep)
    struct config *config = config_of_text("test", PLAIN "onboarding: {join_method: token, "
                                                         "token: literal}\n");
    struct unit unit = unit_of(config);
    (void)state;
    unit.file = "/tmp/tbot.yaml";
    assert_refused(&unit, ERR_CONFIG, "the configuration '/tmp/tbot.yaml' is in /tmp");
    unit = unit_of(config);
    unit.program = "/usr/bin/tbot\nUser=root";
    assert_refused(&unit, ERR_CONFIG, "the program holds the control character 0x0a");
    unit.program = "/opt/\"new\"/tbot";
    assert_refused(&unit, ERR_CONFIG, "the program '/opt/\"new\"/tbot' has a quote");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packaged_units_are_what_the_command_writes),
        cmocka_unit_test(test_units_are_as_agreed),
        cmocka_unit_test(test_options_of_start_go_with_it),
        cmocka_unit_test(test_hostile_names_are_refused),
        cmocka_unit_test(test_places_of_files_are_checked_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
