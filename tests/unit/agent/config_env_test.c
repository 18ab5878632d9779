/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_env.h"

#include "tests/unit/agent/config_test_support.h"

#include <stdio.h>
#include <string.h>

/* An environment of at most two variables. */
static struct {
    const char *name;
    char value[64];
} env[2];

static char *get(const char *name)
{
    for (size_t i = 0; i < 2; i++)
        if (env[i].name && strcmp(env[i].name, name) == 0)
            return env[i].value;
    return NULL;
}

static void set(size_t i, const char *name, const char *value)
{
    env[i].name = name;
    snprintf(env[i].value, sizeof(env[i].value), "%s", value);
}

static enum err_code check(const char *address)
{
    CLEANUP(config_freep) struct config *config = NULL;
    assert_ok(config_new(&config));
    config->proxy_server = strdup(address);
    CLEANUP(err_freep) struct err *e = config_env_check(config, get);
    return err_code(e);
}

static int reset(void **state)
{
    (void)state;
    memset(env, 0, sizeof(env));
    return 0;
}

static void test_check_of_clean_environment_passes(void **state)
{
    (void)state;
    assert_int_equal(check("p.example.com:443"), ERR_OK);
    set(0, "HTTPS_PROXY", "");
    set(1, "TBOT_USE_PROXY_ADDR", "");
    assert_int_equal(check("p.example.com:443"), ERR_OK);
}

static void test_check_of_unbuilt_variable_refuses_by_name(void **state)
{
    (void)state;
    set(0, "TELEPORT_TLS_ROUTING_CONN_UPGRADE", "yes");
    CLEANUP(config_freep) struct config *config = NULL;
    assert_ok(config_new(&config));
    assert_config_error(
        config_env_check(config, get),
        "the environment variable TELEPORT_TLS_ROUTING_CONN_UPGRADE is set, and what "
        "it asks for is not built yet in this tbot");
}

static void test_check_of_proxy_refuses_unless_it_would_not_be_used(void **state)
{
    (void)state;
    static const struct {
        const char *address, *no_proxy;
        enum err_code code;
    } cases[] = {
        {"p.example.com:443", "", ERR_CONFIG},
        {"localhost:443", "", ERR_OK},
        {"127.0.0.1:443", "", ERR_OK},
        {"[::1]:443", "", ERR_OK},
        {"[2001:db8::1]:443", "", ERR_CONFIG},
        {"p.example.com:443", "*", ERR_OK},
        {"p.example.com:443", "example.com", ERR_OK},
        {"P.Example.com:443", "a.org, .example.com", ERR_OK},
        {"p.example.com:443", "p.example.com", ERR_OK},
        {"p.example.com:443", ".p.example.com", ERR_CONFIG},
        {"notexample.com:443", "example.com", ERR_CONFIG},
    };
    set(0, "https_proxy", "http://proxy:3128");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        set(1, "NO_PROXY", cases[i].no_proxy);
        enum err_code got = check(cases[i].address);
        if (got != cases[i].code)
            fail_msg("'%s' with NO_PROXY '%s': %s", cases[i].address, cases[i].no_proxy,
                     err_code_name(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_check_of_clean_environment_passes, reset),
        cmocka_unit_test_setup(test_check_of_unbuilt_variable_refuses_by_name, reset),
        cmocka_unit_test_setup(test_check_of_proxy_refuses_unless_it_would_not_be_used, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
