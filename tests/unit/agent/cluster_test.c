/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cluster.h"

#include "tests/support/assert_err.h"

/* One variable. */
static const char *env_name, *env_value;

static char *get(const char *name)
{
    return env_name && strcmp(name, env_name) == 0 ? (char *)(uintptr_t)env_value : NULL;
}

static RESULT check_environment(const char *name, const char *value)
{
    CLEANUP(config_freep) struct config *config = NULL;
    assert_ok(config_new(&config));
    config->proxy_server = strdup("proxy.example:443");
    env_name = name;
    env_value = value;
    return cluster_check_environment(config, get);
}

static void test_environment_that_asks_for_another_way_is_refused_by_name(void **state)
{
    (void)state;
    assert_ok(check_environment(NULL, NULL));
    assert_ok(check_environment("TBOT_USE_PROXY_ADDR", ""));
    assert_fails(check_environment("TBOT_USE_PROXY_ADDR", "yes"), ERR_CONFIG, "USE_PROXY_ADDR");
    assert_fails(check_environment("HTTPS_PROXY", "p:3128"), ERR_CONFIG, "HTTPS_PROXY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_that_asks_for_another_way_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("agent/cluster", tests, NULL, NULL);
}
