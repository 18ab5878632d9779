/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program as a person sees it: help word for word (tests/golden; set UPDATE_GOLDEN=1 to write
 * those files anew, then read the difference), errors, exit codes, and what `configure` leaves
 * behind.
 */
#include "agent/config.h"
#include "agent/config_schema.h"
#include "tests/support/golden.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent/config_test_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_OUTPUT (256 * 1024)

struct outcome {
    int code;
    char *out, *err;
};

static void outcome_release(struct outcome *o)
{
    free(o->out);
    free(o->err);
}

static char *read_all(FILE *from)
{
    char *text = calloc(1, MAX_OUTPUT);
    rewind(from);
    size_t n = fread(text, 1, MAX_OUTPUT - 1, from);
    text[n] = '\0';
    fclose(from);
    return text;
}

static void become_tbot(const char *words, FILE *out, FILE *err)
{
    char text[512];
    char *argv[24] = {(char[]){"tbot"}};
    snprintf(text, sizeof(text), "%s", words);
    char *rest = text;
    int argc = 1;
    for (char *word = strsep(&rest, " "); word && *words; word = strsep(&rest, " "))
        argv[argc++] = word;
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    clearenv();
    execv(TBOT_PROGRAM, argv);
    _exit(127);
}

static struct outcome run(const char *words)
{
    FILE *out = tmpfile(), *err = tmpfile();
    assert_true(out && err);
    pid_t pid = fork();
    if (pid == 0)
        become_tbot(words, out, err);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (struct outcome){WEXITSTATUS(status), read_all(out), read_all(err)};
}

static void test_help_is_as_agreed(void **state)
{
    (void)state;
    static const struct {
        const char *words, *golden;
    } cases[] = {
        {"help", "help.txt"},
        {"--help", "help.txt"},
        {"help help", "help.txt"},
        {"help config", "help-config.txt"},
        {"help version", "help-version.txt"},
        {"completion --help", "help-completion.txt"},
        {"help completion", "help-completion.txt"},
        {"version --help", "help-version.txt"},
        {"configure --help", "help-configure.txt"},
        {"help configure", "help-configure.txt"},
        {"configure legacy -h", "help-configure.txt"},
        {"help configure identity", "help-configure-identity.txt"},
        {"start --help", "help-start.txt"},
        {"help start", "help-start.txt"},
        {"help start identity", "help-start-identity.txt"},
        {"configure identity --help", "help-configure-identity.txt"},
        {"test --help", "help-test.txt"},
        {"help test", "help-test.txt"},
        {"status --help", "help-status.txt"},
        {"help status", "help-status.txt"},
        {"readyz -h", "help-readyz.txt"},
        {"wait -h", "help-wait.txt"},
        {"help renew", "help-renew.txt"},
        {"help reload", "help-reload.txt"},
        {"debug --help", "help-debug.txt"},
        {"help debug", "help-debug.txt"},
        {"debug get-log-level --help", "help-debug-get-log-level.txt"},
        {"debug set-log-level --help", "help-debug-set-log-level.txt"},
        {"debug metrics --help", "help-debug-metrics.txt"},
        {"debug profile --help", "help-debug-profile.txt"},
        {"help debug dump", "help-debug-dump.txt"},
        {"install --help", "help-install.txt"},
        {"help install systemd", "help-install-systemd.txt"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(outcome_release) struct outcome o = run(cases[i].words);
        assert_int_equal(o.code, 0);
        assert_string_equal(o.err, "");
        golden_hold(TBOT_GOLDEN, cases[i].golden, o.out);
    }
}

struct misuse {
    const char *words, *message;
};

/* One line, or two with a hint, on standard error, and nothing else. */
static void assert_misuses(const struct misuse *cases, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        CLEANUP(outcome_release) struct outcome o = run(cases[i].words);
        assert_int_equal(o.code, 2);
        assert_string_equal(o.err, cases[i].message);
        assert_string_equal(o.out, "");
    }
}

static void test_misuse_says_so_in_one_line_and_exits_2(void **state)
{
    (void)state;
    static const struct misuse cases[] = {
        {"", "tbot: which command? See 'tbot help'\n"},
        {"confgure", "tbot: no command 'confgure', did you mean 'configure'?\n"},
        {"frobnicate", "tbot: no command 'frobnicate', see 'tbot help'\n"},
        {"init", "tbot: command 'init' is not built yet in this tbot\n"},
        {"help kube", "tbot: command 'kube' is not built yet in this tbot\n"},
        {"--colour", "tbot: unknown option '--colour'\n"},
        {"start",
         "tbot: there is nothing to start: no configuration file (-c FILE) and no address of a "
         "cluster (--proxy-server)\n"
         "tbot: See 'tbot start --help'; 'tbot configure' writes a configuration file.\n"},
        {"start -c", "tbot: option '--config' needs a value\n"},
        {"test",
         "tbot: there is nothing to test: no configuration file (-c FILE) and no address of a "
         "cluster (--proxy-server)\n"
         "tbot: See 'tbot test --help'; 'tbot configure' writes a configuration file.\n"},
        {"test --jason", "tbot: unknown option '--jason', did you mean '--json'?\n"},
        {"test -c x --timeout 5s", "tbot: option '--timeout' is about the steps of '--connect'\n"},
        {"test --auth-server a:1 --join-method tokn",
         "tbot: --join-method: no join method 'tokn', did you mean 'token'?\n"},
        {"start database", "tbot: 'database' is not built yet in this tbot, only 'identity' and "
                           "'legacy'\n"},
        {"version now", "tbot: unexpected 'now' behind 'version'\n"},
        {"configure", "tbot: option '--join-method' is required, e.g. --join-method token\n"},
        {"configure --output", "tbot: option '--output' needs a value\n"},
        {"status now", "tbot: unexpected 'now'\n"},
        {"status --wach", "tbot: unknown option '--wach', did you mean '--watch'?\n"},
        {"status --watch=soon",
         "tbot: option '--watch': 'soon' is not a duration such as 90s, 20m or 1h30m\n"},
        {"status --diag-addr a:1 --storage /s",
         "tbot: option '--diag-addr' excludes '--storage': both say where the agent is\n"},
        {"status --diag-socket /x --storage /s",
         "tbot: option '--diag-socket' excludes '--storage': both say where the agent's socket "
         "is\n"},
        {"status --diag-addr node7",
         "tbot: address 'node7': the port is missing\n"
         "tbot: Write HOST:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH.\n"},
        {"status -c /nonexistent/tbot.yaml",
         "tbot: looking for the agent: reading the configuration: open "
         "'/nonexistent/tbot.yaml': No such file or directory\n"
         "tbot: '--diag-socket PATH' asks an agent without reading its configuration.\n"},
        {"readyz a b", "tbot: unexpected 'b'\n"},
        {"wait --for ever", "tbot: option '--for': 'ever' is not one of ready, serving\n"},
        {"renew all", "tbot: unexpected 'all'\n"},
        {"reload all", "tbot: unexpected 'all'\n"},
        {"debug", "tbot: debug what? See 'tbot debug --help'\n"},
        {"debug dmp", "tbot: no command 'debug dmp', did you mean 'debug dump'?\n"},
        {"debug set-log-level", "tbot: which level? debug, info, warn or error\n"},
        {"debug profile stack", "tbot: no profile 'stack', there are 'cpu' and 'heap'\n"},
        {"debug profile --seconds 0",
         "tbot: option '--seconds': '0' is not a number from 1 to 300\n"},
        {"debug profile --seconds 301",
         "tbot: option '--seconds': '301' is not a number from 1 to 300\n"},
        {"debug profile heap --seconds 5", "tbot: option '--seconds' is about the profile 'cpu'\n"},
    };
    assert_misuses(cases, sizeof(cases) / sizeof(*cases));
}

static void test_misuse_of_what_sets_a_machine_up_says_so_too(void **state)
{
    (void)state;
    static const struct misuse cases[] = {
        {"completion", "tbot: for which shell? bash, zsh or fish\n"},
        {"completion tcsh", "tbot: no completion for 'tcsh', there are bash, zsh and fish\n"},
        {"completion bash zsh", "tbot: unexpected 'zsh'\n"},
        {"install", "tbot: install what? See 'tbot install --help'\n"},
        {"install launchd", "tbot: no command 'install launchd', there is 'install systemd'\n"},
        {"install systemd", "tbot: which configuration? It is named with -c FILE\n"
                            "tbot: See 'tbot install systemd --help'.\n"},
        {"install systemd now", "tbot: unexpected 'now' behind 'install systemd'\n"},
        {"install systemd -c -",
         "tbot: option '--config': a unit needs a file, not standard input\n"},
        {"install systemd --template --force", "tbot: option '--force' is about '--write'\n"},
        {"install systemd --template -c x",
         "tbot: option '--template' excludes '--config': each agent of it has its own, "
         "/etc/tbot/NAME.yaml\n"},
        {"install systemd --template --name a/b",
         "tbot: option '--name': 'a/b' is no name of letters, digits, '_', '.', ':' and '-'\n"
         "tbot: Write 'tbot' for 'tbot.service'; many agents share '--template'.\n"},
    };
    assert_misuses(cases, sizeof(cases) / sizeof(*cases));
}

static void test_version_prints_it(void **state)
{
    (void)state;
    CLEANUP(outcome_release) struct outcome o = run("version");
    assert_int_equal(o.code, 0);
    assert_int_equal(strncmp(o.out, "tbot v", 6), 0);
}

static void test_configure_prints_what_can_be_read(void **state)
{
    (void)state;
    CLEANUP(outcome_release)
    struct outcome o =
        run("configure identity --proxy-server p:443 --join-method token --token tok "
            "--destination /srv/x --reader-group 7 --certificate-ttl 90m --oneshot");
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, "");
    golden_hold(TBOT_GOLDEN, "configure-identity.yaml", o.out);
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse("t", bytes_of_str(o.out), &c));
    assert_ok(config_validate(c));
    assert_string_equal(c->services[0].destination.readers[0].name, "7");
    assert_int_equal(dur_to_s(c->credential_ttl), 5400);
}

static void test_configure_writes_a_file_for_its_owner_only(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    const char *path = temp_dir_join(&tmp, "tbot.yaml");
    char words[512];
    snprintf(words, sizeof(words),
             "configure --auth-server a:3025 --join-method token --token s3cret -o %s", path);
    CLEANUP(outcome_release) struct outcome o = run(words);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.out, "");
    assert_null(strstr(o.err, "s3cret"));
    assert_int_equal(temp_dir_mode(&tmp, "tbot.yaml"), 0600);
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_load(path, &c));
    assert_string_equal(secret_str(c->onboarding.token), "s3cret");
}

/* What is found goes to standard output, good or bad; nothing else is said anywhere. */
static void test_test_tells_on_standard_output_and_exits_1(void **state)
{
    (void)state;
    static const char *const words[] = {"test -c /nonexistent/tbot.yaml",
                                        "test -c /nonexistent/tbot.yaml --json"};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(outcome_release) struct outcome o = run(words[i]);
        assert_int_equal(o.code, 1);
        assert_string_equal(o.err, "");
        assert_non_null(strstr(o.out, "open '/nonexistent/tbot.yaml': No such file"));
    }
}

/* Whom nobody answers has not been told "not ready". */
static void test_agent_that_is_not_there_has_an_exit_code_of_its_own(void **state)
{
    static const struct {
        const char *words;
        int code;
    } cases[] = {
        {"status --diag-socket /nonexistent/diag.sock", 3},
        {"readyz --diag-socket /nonexistent/diag.sock", 3},
        {"renew --diag-socket /nonexistent/diag.sock", 3},
        {"reload --diag-socket /nonexistent/diag.sock", 3},
        {"debug get-log-level --diag-socket /nonexistent/diag.sock", 3},
        {"debug set-log-level debug --diag-socket /nonexistent/diag.sock", 3},
        {"debug metrics --diag-socket /nonexistent/diag.sock", 3},
        {"debug profile --diag-socket /nonexistent/diag.sock", 3},
        {"debug dump --diag-socket /nonexistent/diag.sock", 3},
        {"wait --timeout 30ms --diag-socket /nonexistent/diag.sock", 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(outcome_release) struct outcome o = run(cases[i].words);
        assert_int_equal(o.code, cases[i].code);
        assert_string_equal(o.out, "");
        assert_non_null(strstr(o.err, "'/nonexistent/diag.sock'"));
        assert_non_null(strstr(o.err, "Is the agent running?"));
    }
}

static void test_configure_into_nowhere_exits_1(void **state)
{
    (void)state;
    CLEANUP(outcome_release)
    struct outcome o = run("configure --join-method token -o /nonexistent/tbot.yaml");
    assert_int_equal(o.code, 1);
    assert_non_null(strstr(o.err, "/nonexistent"));
}

static bool is_there(const struct config_key *key)
{
    return !(key->flags & (CONFIG_NOT_BUILT | CONFIG_METHOD_ONLY));
}

/* The manual may not be silent about a key the reader takes, in maps inside of maps either. */
static void check_keys(const struct config_section *section, const char *manual)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            char item[96], said[96];
            snprintf(item, sizeof(item), "\n.It Ic %s", key->name);
            snprintf(said, sizeof(said), "\n.Ic %s\n", key->name);
            if (!strstr(manual, item) && !strstr(manual, said))
                fail_msg("tbot.yaml.5 has no paragraph for '%s'", key->name);
            if (key->kind == CONFIG_SECTION && is_there(key))
                check_keys(key->section, manual);
        }
}

/* Nor 'tbot help config' about one that is built. */
static void check_help(const struct config_section *section, const char *help)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            char line[96];
            snprintf(line, sizeof(line), "\n  %s ", key->name);
            if (is_there(key) && !strstr(help, line))
                fail_msg("'tbot help config' has no line for '%s'", key->name);
            if (key->kind == CONFIG_SECTION && is_there(key))
                check_help(key->section, help);
        }
}

static void test_manual_has_every_key_that_is_built(void **state)
{
    (void)state;
    FILE *file = fopen(TBOT_MAN "/tbot.yaml.5", "r");
    assert_non_null(file);
    CLEANUP(freep) char *manual = read_all(file);
    check_keys(&config_schema_top, manual);
    const struct config_variants *all[] = {&config_schema_destinations, &config_schema_services};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < all[i]->len; j++)
            if (all[i]->items[j].is_built)
                check_keys(all[i]->items[j].section, manual);
}

static void test_help_of_the_configuration_has_every_key_that_is_built(void **state)
{
    (void)state;
    CLEANUP(outcome_release) struct outcome o = run("help config");
    check_help(&config_schema_top, o.out);
    check_help(config_schema_variant(&config_schema_services, "identity")->section, o.out);
}

/* Where --join-method is explained, each method that is built has its name. */
static void test_help_and_manual_name_every_join_method_that_is_built(void **state)
{
    (void)state;
    FILE *file = fopen(TBOT_MAN "/tbot.1", "r");
    assert_non_null(file);
    CLEANUP(freep) char *manual = read_all(file);
    CLEANUP(outcome_release) struct outcome o = run("help start");
    char *help = strstr(o.out, "--join-method METHOD"), *end = strstr(help, "--ca-pin PIN");
    char *item = strstr(manual, ".It Fl -join-method"), *next = strstr(item + 1, "\n.It ");
    *end = *next = '\0';
    for (size_t i = 0; i < config_schema_join_methods.len; i++) {
        const struct config_variant *method = &config_schema_join_methods.items[i];
        if (method->is_built && (!strstr(help, method->name) || !strstr(item, method->name)))
            fail_msg("--join-method: nobody is told of '%s'", method->name);
    }
}

/* Nor tbot(1) about an option that help shows. */
static void test_manual_has_every_option_of_help(void **state)
{
    (void)state;
    FILE *file = fopen(TBOT_MAN "/tbot.1", "r");
    assert_non_null(file);
    CLEANUP(freep) char *manual = read_all(file);
    static const char *const pages[] = {"help",
                                        "help start",
                                        "help test",
                                        "help configure",
                                        "help configure identity",
                                        "help status",
                                        "help readyz",
                                        "help wait",
                                        "help renew",
                                        "help reload",
                                        "help debug set-log-level",
                                        "help debug profile",
                                        "help debug dump",
                                        "help install systemd"};
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        CLEANUP(outcome_release) struct outcome o = run(pages[i]);
        char *rest = strstr(o.out, ":\n"), *end = strstr(o.out, "\nExamples");
        if (end)
            *end = '\0';
        for (char *at = strstr(rest, "--"); at; at = strstr(at + 2, "--")) {
            const char *name = at + 2 + (strncmp(at + 2, "[no-]", 5) == 0 ? 5 : 0);
            char item[96];
            int len = (int)strcspn(name, " \n,'[");
            snprintf(item, sizeof(item), "Fl -%.*s", len, name);
            if (len > 0 && !strstr(manual, item))
                fail_msg("tbot.1 does not mention --%.*s", len, name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_is_as_agreed),
        cmocka_unit_test(test_misuse_says_so_in_one_line_and_exits_2),
        cmocka_unit_test(test_misuse_of_what_sets_a_machine_up_says_so_too),
        cmocka_unit_test(test_version_prints_it),
        cmocka_unit_test(test_configure_prints_what_can_be_read),
        cmocka_unit_test(test_configure_writes_a_file_for_its_owner_only),
        cmocka_unit_test(test_test_tells_on_standard_output_and_exits_1),
        cmocka_unit_test(test_agent_that_is_not_there_has_an_exit_code_of_its_own),
        cmocka_unit_test(test_configure_into_nowhere_exits_1),
        cmocka_unit_test(test_manual_has_every_key_that_is_built),
        cmocka_unit_test(test_help_of_the_configuration_has_every_key_that_is_built),
        cmocka_unit_test(test_help_and_manual_name_every_join_method_that_is_built),
        cmocka_unit_test(test_manual_has_every_option_of_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
