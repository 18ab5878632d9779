/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/start_config.h"

#include "tests/unit/agent/config_test_support.h"

#include <string.h>

const struct command command_table[] = {{0}};

static char config_path[] = "/tmp/tbot-start-XXXXXX";

/* One command line, in memory that may be written to. */
struct run {
    struct globals globals;
    struct start_config start;
    char text[512];
    char *argv[24];
    int argc;
};

static void run_release(struct run *run)
{
    start_config_release(&run->start);
}

/* Words are separated by spaces; CONFIG is the test's file. */
static struct err *load(struct run *run, const char *words)
{
    *run = (struct run){0};
    snprintf(run->text, sizeof(run->text), "%s", words);
    char *rest = run->text;
    for (char *word = strsep(&rest, " "); word && *words; word = strsep(&rest, " "))
        run->argv[run->argc++] = strcmp(word, "CONFIG") == 0 ? config_path : word;
    return start_config_load(&run->start, &run->globals, run->argc, run->argv);
}

static void test_load_of_file_alone_gives_it(void **state)
{
    (void)state;
    static const char *const lines[] = {"-c CONFIG", "--config CONFIG", "legacy -c CONFIG",
                                        "-c CONFIG legacy"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        CLEANUP(run_release) struct run run;
        assert_ok(load(&run, lines[i]));
        const struct config *c = run.start.config;
        assert_string_equal(c->proxy_server, "proxy.example.com:443");
        assert_int_equal(c->n_services, 3);
        assert_string_equal(c->services[1].name, "identity-1");
        assert_true(run.start.is_debug);
        assert_false(run.start.is_json);
    }
}

static void test_load_of_environment_gives_file_and_token(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    setenv("TBOT_CONFIG_PATH", config_path, 1);
    setenv("TELEPORT_BOT_TOKEN", "from-env", 1);
    assert_ok(load(&run, "--join-method token --no-debug"));
    assert_string_equal(secret_str(run.start.config->onboarding.token), "from-env");
    assert_false(run.start.is_debug);
}

static void test_load_of_identity_without_file_is_enough(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    assert_ok(load(&run, "-d identity --proxy-server p:443 --token tok --join-method token "
                         "--storage memory:// --destination /srv/x --oneshot --reader-user bob "
                         "--log-format json --certificate-ttl 60s --renewal-interval=15s"));
    const struct config *c = run.start.config;
    assert_int_equal(c->n_services, 1);
    assert_string_equal(c->services[0].name, "identity-1");
    assert_string_equal(c->services[0].destination.readers[0].name, "bob");
    assert_int_equal(c->storage.type, CONFIG_DESTINATION_MEMORY);
    assert_true(c->oneshot);
    assert_int_equal(dur_to_s(c->credential_ttl), 60);
    assert_int_equal(dur_to_s(c->renewal_interval), 15);
    assert_true(run.start.is_debug);
    assert_true(run.start.is_json);
    assert_int_equal(c->warnings.len, 0);
}

static void test_load_of_identity_with_file_appends(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    assert_ok(load(&run, "identity -c CONFIG --destination /srv/x"));
    assert_int_equal(run.start.config->n_services, 4);
}

static void test_load_of_legacy_places(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    assert_ok(load(&run, "-c CONFIG --destination-dir /srv/x --data-dir /var/bot"));
    assert_int_equal(run.start.config->n_services, 1);
    assert_string_equal(run.start.config->storage.path, "/var/bot");
    assert_non_null(strstr(run.start.config->warnings.items[0], "--data-dir '/var/bot' overrides"));
}

static void append_service(void)
{
    FILE *file = fopen(config_path, "a");
    assert_non_null(file);
    fputs("  - {type: identity, name: more, destination: /srv/more}\n", file);
    fclose(file);
}

static void test_again_reads_the_file_as_it_is_with_the_same_options(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    CLEANUP(config_freep) struct config *first = NULL;
    CLEANUP(config_freep) struct config *second = NULL;
    assert_ok(load(&run, "identity -c CONFIG --destination /srv/x --certificate-ttl 30m"));
    assert_ok(start_config_again(&run.start, &first));
    assert_int_equal(first->n_services, 4);
    assert_int_equal(dur_to_s(first->credential_ttl), 1800);
    append_service();
    assert_ok(start_config_again(&run.start, &second));
    assert_int_equal(truncate(config_path, (off_t)strlen(config_test_rich)), 0);
    assert_int_equal(second->n_services, 5);
    assert_int_equal(run.start.config->n_services, 4);
}

static void test_again_of_standard_input_is_refused(void **state)
{
    (void)state;
    struct globals globals = {.config_path = "-"};
    struct start_config start = {.options = {.globals = &globals}};
    struct config *config = NULL;
    assert_config_error(start_config_again(&start, &config),
                        "standard input cannot be read a second time");
}

static void test_load_without_services_warns(void **state)
{
    (void)state;
    CLEANUP(run_release) struct run run;
    assert_ok(load(&run, "--auth-server a:1 --join-method token --data-dir memory://"));
    assert_int_equal(run.start.config->warnings.len, 1);
    assert_non_null(strstr(run.start.config->warnings.items[0], "there are no services"));
}

static void test_load_of_mistakes_is_an_error_of_its_kind(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        enum err_code code;
        const char *message;
    } cases[] = {
        {"", ERR_USAGE,
         "there is nothing to start: no configuration file (-c FILE) and no address of a cluster "
         "(--proxy-server)"},
        {"application", ERR_USAGE,
         "'application' is not built yet in this tbot, only 'identity' and 'legacy'"},
        {"noop", ERR_USAGE, "'noop' is not built yet in this tbot, only 'identity' and 'legacy'"},
        {"nonsense", ERR_USAGE, "unexpected 'nonsense', there are 'identity' and 'legacy'"},
        {"identity more -c CONFIG", ERR_USAGE, "unexpected 'more'"},
        {"identity -c CONFIG", ERR_USAGE, "option '--destination' is required"},
        {"identity --data-dir /x", ERR_USAGE, "unknown option '--data-dir'"},
        {"--storage /x", ERR_USAGE, "unknown option '--storage'"},
        {"--fips", ERR_USAGE, "option '--fips' is not built yet in this tbot"},
        {"-c CONFIG --diag-addr=x:1", ERR_CONFIG,
         "key 'diag_addr': diagnostics address 'x:1': the host is no IP address (IPv6 ones stand "
         "in "
         "brackets)"},
        {"--pid-file=/x", ERR_USAGE, "option '--pid-file' is not built yet in this tbot"},
        {"identity --registration-secret s", ERR_USAGE,
         "option '--registration-secret' is not built yet in this tbot"},
        {"--log-format xml", ERR_USAGE, "option '--log-format': 'xml' is not one of text, json"},
        {"--certificate-ttl 5", ERR_USAGE,
         "option '--certificate-ttl': '5' is not a duration such as 90s, 20m or 1h30m"},
        {"-c CONFIG --auth-server a:1", ERR_CONFIG, NULL},
        {"-c CONFIG --token x", ERR_CONFIG,
         "there is no join method: set 'join_method' under 'onboarding' in the configuration, or "
         "--join-method"},
        {"-c /nonexistent", ERR_NOT_FOUND, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(run_release) struct run run;
        CLEANUP(err_freep) struct err *e = load(&run, cases[i].words);
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), cases[i].code);
        if (cases[i].message)
            assert_string_equal(text, cases[i].message);
        assert_null(run.start.config);
    }
}

static int make_config(void **state)
{
    (void)state;
    int fd = mkstemp(config_path);
    size_t len = strlen(config_test_rich);
    bool is_whole = fd >= 0 && write(fd, config_test_rich, len) == (ssize_t)len;
    close(fd);
    return is_whole ? 0 : -1;
}

static int remove_config(void **state)
{
    (void)state;
    return unlink(config_path);
}

static int clear_environment(void **state)
{
    static const char *const names[] = {"TBOT_CONFIG_PATH", "TELEPORT_BOT_TOKEN",   "TBOT_DEBUG",
                                        "TELEPORT_PROXY",   "TELEPORT_AUTH_SERVER", "HTTPS_PROXY",
                                        "https_proxy",      "TBOT_USE_PROXY_ADDR"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unsetenv(names[i]);
    return 0;
}

#define TEST(name_) cmocka_unit_test_setup(name_, clear_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_load_of_file_alone_gives_it),
        TEST(test_load_of_environment_gives_file_and_token),
        TEST(test_load_of_identity_without_file_is_enough),
        TEST(test_load_of_identity_with_file_appends),
        TEST(test_load_of_legacy_places),
        TEST(test_again_reads_the_file_as_it_is_with_the_same_options),
        TEST(test_again_of_standard_input_is_refused),
        TEST(test_load_without_services_warns),
        TEST(test_load_of_mistakes_is_an_error_of_its_kind),
    };
    return cmocka_run_group_tests(tests, make_config, remove_config);
}
