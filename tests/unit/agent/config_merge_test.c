/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_merge.h"

#include "tests/unit/agent/config_test_support.h"

#include <string.h>

struct fixture {
    struct config *config;
    struct config_overrides overrides;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    assert_ok(config_parse("t", bytes_of_str(config_test_rich), &f->config));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    config_free(f->config);
    config_overrides_release(&f->overrides);
    free(f);
    return 0;
}

static struct secret *secret_of(const char *text)
{
    struct secret *s = NULL;
    assert_ok(secret_new(text, strlen(text), &s));
    return s;
}

static void test_merge_of_nothing_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_ok(config_merge(f->config, &f->overrides));
    assert_string_equal(f->config->proxy_server, "proxy.example.com:443");
    assert_string_equal(secret_str(f->config->onboarding.token), "hunter2");
    assert_int_equal(f->config->n_services, 3);
    assert_int_equal(f->config->warnings.len, 0);
}

static void test_merge_of_values_overrides_and_names_both(void **state)
{
    struct fixture *f = *state;
    f->overrides.proxy_server = "other.example.com:3080";
    f->overrides.credential_ttl = dur_s(7200);
    f->overrides.debug = CONFIG_SWITCH_OFF;
    f->overrides.insecure = CONFIG_SWITCH_ON;
    f->overrides.storage = "memory://";
    assert_ok(config_merge(f->config, &f->overrides));
    const struct config *c = f->config;
    assert_string_equal(c->proxy_server, "other.example.com:3080");
    assert_int_equal(dur_to_s(c->credential_ttl), 7200);
    assert_false(c->debug);
    assert_true(c->insecure);
    assert_int_equal(c->storage.type, CONFIG_DESTINATION_MEMORY);
    assert_int_equal(c->warnings.len, 4);
    assert_string_equal(c->warnings.items[0],
                        "--proxy-server 'other.example.com:3080' overrides 'proxy_server: "
                        "proxy.example.com:443' of the configuration file");
    assert_string_equal(c->warnings.items[1], "--certificate-ttl '2h' overrides 'credential_ttl: "
                                              "1h30m' of the configuration file");
    assert_string_equal(c->warnings.items[2],
                        "--debug 'false' overrides 'debug: true' of the configuration file");
    assert_string_equal(c->warnings.items[3], "--storage 'memory' overrides 'storage: "
                                              "/var/lib/bot' of the configuration file");
}

static void test_merge_of_startup_overrides_and_names_both(void **state)
{
    struct fixture *f = *state;
    f->overrides.startup = "wait";
    f->overrides.startup_timeout = dur_s(60);
    f->overrides.give_up_after = dur_s(3600);
    assert_ok(config_merge(f->config, &f->overrides));
    assert_int_equal(f->config->startup, CONFIG_STARTUP_WAIT);
    assert_int_equal(dur_to_s(f->config->startup_timeout), 60);
    assert_int_equal(dur_to_s(f->config->give_up_after), 3600);
    assert_int_equal(f->config->warnings.len, 3);
    assert_string_equal(f->config->warnings.items[0],
                        "--startup-timeout '1m' overrides 'startup_timeout: 5m' of the "
                        "configuration file");
    assert_string_equal(f->config->warnings.items[2],
                        "--startup 'wait' overrides 'startup: auto' of the configuration file");
    f->overrides.startup = "later";
    CLEANUP(err_freep) struct err *e = config_merge(f->config, &f->overrides);
    assert_int_equal(err_code(e), ERR_USAGE);
}

static void test_merge_of_oneshot_leaves_what_only_a_daemon_does(void **state)
{
    struct fixture *f = *state;
    f->overrides.oneshot = CONFIG_SWITCH_ON;
    f->config->startup = CONFIG_STARTUP_WAIT;
    assert_ok(config_merge(f->config, &f->overrides));
    assert_int_equal(f->config->give_up_after.ns, 0);
    assert_int_equal(f->config->startup, CONFIG_STARTUP_AUTO);
    assert_int_equal(f->config->warnings.len, 2);
    assert_string_equal(f->config->warnings.items[1],
                        "--oneshot 'true' overrides 'give_up_after: 1d12h' of the configuration "
                        "file");
    assert_ok(config_validate(f->config));

    /* Who asks for both on the command line is told. */
    f->overrides.give_up_after = dur_s(60);
    assert_ok(config_merge(f->config, &f->overrides));
    CLEANUP(err_freep) struct err *e = config_validate(f->config);
    assert_int_equal(err_code(e), ERR_CONFIG);
}

static void test_merge_of_the_same_values_is_silent(void **state)
{
    struct fixture *f = *state;
    f->overrides.proxy_server = "proxy.example.com:443";
    f->overrides.credential_ttl = dur_s(5400);
    f->overrides.storage = "/var/lib/bot";
    assert_ok(config_merge(f->config, &f->overrides));
    assert_int_equal(f->config->warnings.len, 0);
}

static void test_merge_over_defaults_is_silent(void **state)
{
    struct fixture *f = *state;
    CLEANUP(config_freep) struct config *empty = NULL;
    assert_ok(config_new(&empty));
    f->overrides.renewal_interval = dur_s(15);
    f->overrides.storage = "/x";
    f->overrides.auth_server = "a:1";
    assert_ok(config_merge(empty, &f->overrides));
    assert_int_equal(dur_to_s(empty->renewal_interval), 15);
    assert_int_equal(empty->warnings.len, 0);
}

static void test_merge_of_token_replaces_onboarding_and_hides_both_tokens(void **state)
{
    struct fixture *f = *state;
    CLEANUP(secret_freep) struct secret *token = secret_of("swordfish");
    f->overrides.token = token;
    assert_ok(config_merge(f->config, &f->overrides));
    const struct config_onboarding *o = &f->config->onboarding;
    assert_string_equal(secret_str(o->token), "swordfish");
    assert_null(o->join_method);
    assert_int_equal(o->ca_pins.len, 0);
    assert_int_equal(f->config->warnings.len, 1);
    assert_non_null(strstr(f->config->warnings.items[0], "the whole 'onboarding' section"));
    assert_null(strstr(f->config->warnings.items[0], "hunter2"));
    assert_null(strstr(f->config->warnings.items[0], "swordfish"));
}

static void test_merge_of_join_method_or_pin_alone_replaces_onboarding(void **state)
{
    struct fixture *f = *state;
    f->overrides.join_method = "token";
    assert_ok(config_merge(f->config, &f->overrides));
    assert_null(f->config->onboarding.token);
    assert_string_equal(f->config->onboarding.join_method, "token");
    f->overrides.join_method = NULL;
    assert_ok(strlist_add(&f->overrides.ca_pins, "sha256:1"));
    assert_ok(config_merge(f->config, &f->overrides));
    assert_null(f->config->onboarding.join_method);
    assert_string_equal(f->config->onboarding.ca_pins.items[0], "sha256:1");
}

static void test_merge_of_join_uri_replaces_address_and_onboarding(void **state)
{
    struct fixture *f = *state;
    CLEANUP(secret_freep) struct secret *uri = secret_of("tbot+auth+token://tok@a:3025");
    f->overrides.join_uri = uri;
    assert_ok(config_merge(f->config, &f->overrides));
    assert_null(f->config->proxy_server);
    assert_string_equal(f->config->auth_server, "a:3025");
    assert_string_equal(secret_str(f->config->onboarding.token), "tok");
    assert_int_equal(f->config->onboarding.ca_pins.len, 0);
}

static void test_merge_of_destination_dir_replaces_all_services(void **state)
{
    struct fixture *f = *state;
    f->overrides.destination_dir = "/srv/one";
    assert_ok(config_merge(f->config, &f->overrides));
    assert_int_equal(f->config->n_services, 1);
    const struct config_service *s = &f->config->services[0];
    assert_int_equal(s->type, CONFIG_SERVICE_IDENTITY);
    assert_string_equal(s->destination.path, "/srv/one");
    assert_true(s->ssh_config);
    assert_null(s->name);
    assert_non_null(
        strstr(f->config->warnings.items[0], "--destination-dir replaces all services"));
}

static void test_merge_of_service_appends(void **state)
{
    struct fixture *f = *state;
    CLEANUP(config_service_overrides_release)
    struct config_service_overrides service = {
        .destination = "file:///srv/extra",
        .cluster = "leaf",
        .allow_reissue = CONFIG_SWITCH_ON,
    };
    assert_ok(strlist_add(&service.reader_users, "alice"));
    assert_ok(strlist_add(&service.reader_groups, "7"));
    f->overrides.service = &service;
    assert_ok(config_merge(f->config, &f->overrides));
    assert_int_equal(f->config->n_services, 4);
    const struct config_service *s = &f->config->services[3];
    assert_string_equal(s->destination.path, "/srv/extra");
    assert_string_equal(s->cluster, "leaf");
    assert_true(s->allow_reissue);
    assert_int_equal(s->destination.n_readers, 2);
    assert_true(s->destination.readers[1].is_group);
    assert_string_equal(s->destination.readers[1].name, "7");
    assert_int_equal(f->config->warnings.len, 0);
}

static void expect_usage(struct fixture *f, const char *message)
{
    config_test_assert_error(config_merge(f->config, &f->overrides), ERR_USAGE, message, __FILE__,
                             __LINE__);
}

static void test_merge_of_bad_values_names_the_option(void **state)
{
    struct fixture *f = *state;
    f->overrides.join_method = "tokem";
    expect_usage(f, "--join-method: no join method 'tokem', did you mean 'token'?");
    f->overrides.join_method = "iam";
    expect_usage(f, "--join-method: join method 'iam' is not built yet in this tbot");
    f->overrides.join_method = NULL;
    f->overrides.storage = "s3://x";
    f->overrides.storage_option = "--data-dir";
    expect_usage(f, "--data-dir: 's3://x' is neither a path nor file:///path, memory:// or "
                    "kubernetes-secret:///name");
    f->overrides.storage = NULL;
    CLEANUP(secret_freep) struct secret *uri = secret_of("tbot+auth+token://tok@a:3025");
    f->overrides.join_uri = uri;
    f->overrides.proxy_server = "p:1";
    expect_usage(f, "--join-uri excludes --token, --join-method, --proxy-server and --auth-server, "
                    "it says all of them");
}

static void test_merge_of_readers_without_directory_refuses(void **state)
{
    struct fixture *f = *state;
    CLEANUP(config_service_overrides_release)
    struct config_service_overrides service = {.destination = "memory://"};
    assert_ok(strlist_add(&service.reader_users, "alice"));
    f->overrides.service = &service;
    expect_usage(f, "--reader-user and --reader-group need a directory");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_merge_of_nothing_changes_nothing),
        TEST(test_merge_of_values_overrides_and_names_both),
        TEST(test_merge_of_startup_overrides_and_names_both),
        TEST(test_merge_of_oneshot_leaves_what_only_a_daemon_does),
        TEST(test_merge_of_the_same_values_is_silent),
        TEST(test_merge_over_defaults_is_silent),
        TEST(test_merge_of_token_replaces_onboarding_and_hides_both_tokens),
        TEST(test_merge_of_join_method_or_pin_alone_replaces_onboarding),
        TEST(test_merge_of_join_uri_replaces_address_and_onboarding),
        TEST(test_merge_of_destination_dir_replaces_all_services),
        TEST(test_merge_of_service_appends),
        TEST(test_merge_of_bad_values_names_the_option),
        TEST(test_merge_of_readers_without_directory_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
