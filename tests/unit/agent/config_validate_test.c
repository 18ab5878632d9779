/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include "tests/unit/agent/config_test_support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define START                                                                                      \
    "version: v2\nproxy_server: p:443\nonboarding: {join_method: token, token: x}\n" /* 3 lines */

static struct config *parse(const char *text)
{
    struct config *config = NULL;
    assert_ok(config_parse("t", bytes_of_str(text), &config));
    return config;
}

static void test_validate_of_rich_file_names_services_and_is_silent(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = parse(config_test_rich);
    assert_ok(config_validate(c));
    assert_string_equal(c->services[0].name, "web");
    assert_string_equal(c->services[1].name, "identity-1");
    assert_string_equal(c->services[2].name, "identity-2");
    assert_int_equal(c->warnings.len, 0);
}

static void test_validate_of_taken_automatic_name_takes_the_next(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c = parse(START "services:\n- {type: identity, destination: /a}\n"
                                   "- {type: identity, name: identity-1, destination: /b}\n");
    assert_ok(config_validate(c));
    assert_string_equal(c->services[0].name, "identity-2");
}

static void test_validate_of_no_storage_sets_the_default(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = parse(START);
    assert_ok(config_validate(c));
    assert_int_equal(c->storage.type, CONFIG_DESTINATION_DIRECTORY);
    assert_string_equal(c->storage.path, CONFIG_DEFAULT_STORAGE);
}

static void test_validate_of_a_cache_places_it_in_the_storage(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c = parse(
        START "storage: {type: directory, path: /var/lib/bot, symlinks: insecure}\n"
              "services:\n- {type: identity, name: web, destination: {type: memory, cache: on}}\n"
              "- {type: identity, destination: {type: memory}}\n");
    assert_ok(config_validate(c));
    assert_string_equal(c->services[0].destination.path, "/var/lib/bot/cache/web");
    assert_int_equal(c->services[0].destination.symlinks, SYMLINKS_INSECURE);
    assert_null(c->services[1].destination.path);
}

static void test_validate_of_a_cache_with_storage_in_memory_refuses(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c = parse(
        START "storage: {type: memory}\n"
              "services:\n- {type: identity, name: web, destination: {type: memory, cache: on}}\n");
    assert_config_error(config_validate(c),
                        "t:6:44: key 'cache': needs 'storage' in a directory, to keep the copy in");
}

static void test_validate_of_emptiness_says_what_is_missing(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_new(&c));
    assert_config_error(config_validate(c),
                        "there is no address: set 'proxy_server' or 'auth_server' in the "
                        "configuration, or --proxy-server or --auth-server\n"
                        "there is no join method: set 'join_method' under 'onboarding' in the "
                        "configuration, or --join-method");
}

static void test_validate_of_mistakes_of_the_whole_gives_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {START "services:\n- {type: identity, credential_ttl: 5m, renewal_interval: 10m, "
               "destination: /a}\n",
         "t:5:3: key 'credential_ttl': 5m is less than the renewal interval of 10m"},
        {START "services:\n- {type: identity, credential_ttl: 200h, renewal_interval: 10m, "
               "destination: /a}\n",
         "t:5:3: key 'credential_ttl': 8d8h is over the maximum of 7d"},
        {"version: v2\nproxy_server: p:443\nonboarding: {join_method: kubernetes}\n",
         "the join method 'kubernetes' needs 'token' under 'onboarding', or --token: the name of "
         "the cluster's token resource"},
        {"version: v2\nproxy_server: p:443\n"
         "onboarding: {join_method: kubernetes, token: t, kubernetes: {token_path: a}}\n",
         "t:3:49: key 'token_path': 'a' must be an absolute path"},
        {START "services:\n- {type: identity, destination: {type: kubernetes_secret, name: a}}\n"
               "- {type: identity, destination: {type: kubernetes_secret, name: a}}\n",
         "t:6:33: key 'destination': secret 'a' is used by 'identity-1' and 'identity-2', which "
         "would remove each other's files"},
        {START "storage: /a\nservices:\n- {type: identity, destination: /a}\n",
         "t:6:33: key 'destination': '/a' is the bot's own storage"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(config_freep) struct config *c = parse(cases[i].text);
        assert_config_error(config_validate(c), cases[i].message);
    }
}

static void test_validate_of_oneshot_does_not_mind_a_short_life(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c =
        parse(START "oneshot: true\ncredential_ttl: 1m\nservices:\n- {type: identity, "
                    "credential_ttl: 5m, renewal_interval: 10m, destination: /a}\n");
    assert_ok(config_validate(c));
    assert_int_equal(c->warnings.len, 0);
}

static void test_validate_of_odd_settings_warns(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c =
        parse(START "credential_ttl: 5m\nservices:\n- {type: identity, destination: /a}\n"
                    "- {type: identity, destination: /a}\n");
    assert_ok(config_validate(c));
    assert_int_equal(c->warnings.len, 2);
    assert_string_equal(c->warnings.items[0],
                        "t:4:1: key 'credential_ttl': certificates of 5m expire before they are "
                        "renewed, every 20m");
    assert_string_equal(c->warnings.items[1],
                        "t:7:33: key 'destination': '/a' is used by 'identity-1' and 'identity-2', "
                        "which overwrite each other's files");
    CLEANUP(config_freep) struct config *d = parse(START "credential_ttl: 200h\n");
    assert_ok(config_validate(d));
    assert_string_equal(d->warnings.items[0],
                        "t:4:1: key 'credential_ttl': 8d8h is over the maximum, the cluster will "
                        "give certificates for 7d at most");
}

static void test_validate_of_times_without_effect_warns(void **state)
{
    (void)state;
    CLEANUP(config_freep)
    struct config *c = parse(START "startup: wait\nstartup_timeout: 2m\noneshot_timeout: 1m\n");
    assert_ok(config_validate(c));
    assert_int_equal(c->warnings.len, 2);
    assert_string_equal(c->warnings.items[0], "t:5:1: key 'startup_timeout': has no effect but "
                                              "with 'startup: auto'");
    assert_string_equal(c->warnings.items[1],
                        "t:6:1: key 'oneshot_timeout': has no effect without 'oneshot'");
    CLEANUP(config_freep)
    struct config *d = parse(START "startup: auto\nstartup_timeout: 10m\ngive_up_after: 36h\n");
    assert_ok(config_validate(d));
    assert_int_equal(d->warnings.len, 0);
    assert_int_equal(d->startup, CONFIG_STARTUP_AUTO);
    assert_int_equal(dur_to_s(d->startup_timeout), 600);
    assert_int_equal(dur_to_s(d->give_up_after), 36 * 3600);
}

static void test_validate_of_defaults_bounds_a_first_start_and_nothing_else(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = parse(START);
    assert_ok(config_validate(c));
    assert_int_equal(c->startup, CONFIG_STARTUP_AUTO);
    assert_int_equal(dur_to_s(c->startup_timeout), 120);
    assert_int_equal(c->give_up_after.ns, 0);
    assert_int_equal(c->oneshot_timeout.ns, 0);
}

static void test_token_of_literal_file_and_nothing(void **state)
{
    (void)state;
    char path[] = "/tmp/tbot-token-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, " from-file\n", 11), 11);
    close(fd);
    struct config_onboarding o = {0};
    CLEANUP(secret_freep) struct secret *literal = NULL;
    CLEANUP(secret_freep) struct secret *from_file = NULL;
    CLEANUP(secret_freep) struct secret *none = NULL;
    assert_config_error(config_token(&o, &none), "there is no join token");
    assert_ok(config_onboarding_set_token(&o, bytes_of_str("literal")));
    assert_ok(config_token(&o, &literal));
    assert_string_equal(secret_str(literal), "literal");
    assert_ok(config_onboarding_set_token(&o, bytes_of_str(path)));
    assert_ok(config_token(&o, &from_file));
    assert_string_equal(secret_str(from_file), "from-file");
    unlink(path);
    CLEANUP(err_freep) struct err *e = config_token(&o, &none);
    assert_int_equal(err_code(e), ERR_NOT_FOUND);
    config_onboarding_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validate_of_rich_file_names_services_and_is_silent),
        cmocka_unit_test(test_validate_of_taken_automatic_name_takes_the_next),
        cmocka_unit_test(test_validate_of_no_storage_sets_the_default),
        cmocka_unit_test(test_validate_of_a_cache_places_it_in_the_storage),
        cmocka_unit_test(test_validate_of_a_cache_with_storage_in_memory_refuses),
        cmocka_unit_test(test_validate_of_emptiness_says_what_is_missing),
        cmocka_unit_test(test_validate_of_mistakes_of_the_whole_gives_their_place),
        cmocka_unit_test(test_validate_of_oneshot_does_not_mind_a_short_life),
        cmocka_unit_test(test_validate_of_odd_settings_warns),
        cmocka_unit_test(test_validate_of_times_without_effect_warns),
        cmocka_unit_test(test_validate_of_defaults_bounds_a_first_start_and_nothing_else),
        cmocka_unit_test(test_token_of_literal_file_and_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
