/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/environment.h"

#include "base/cleanup.h"
#include "tests/support/assert_err.h"

/* NAME, value, …, NULL */
static const char *const *environment;

static char *get(const char *name)
{
    for (const char *const *e = environment; *e; e += 2)
        if (strcmp(e[0], name) == 0)
            return (char *)(uintptr_t)e[1];
    return NULL;
}

static struct err *check(const char *address, const char *const *env)
{
    struct address a;
    assert_ok(address_parse(address, 443, &a));
    environment = env;
    return environment_check(&a, get);
}

#define ENV(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_environment_when_it_asks_for_nothing_is_fine(void **state)
{
    (void)state;
    assert_ok(check("proxy.example", ENV("HOME", "/")));
    assert_ok(check("proxy.example", ENV("HTTPS_PROXY", "")));
    assert_ok(check("proxy.example", ENV("TELEPORT_TLS_ROUTING_CONN_UPGRADE", "false")));
    assert_ok(check("proxy.example", ENV("TELEPORT_TLS_ROUTING_CONN_UPGRADE", "0")));
}

static void test_environment_when_it_asks_for_a_proxy_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"};
    for (size_t i = 0; i < 4; i++)
        assert_fails(check("proxy.example", ENV(names[i], "http://p:3128")), ERR_CONFIG, names[i]);
}

static void test_environment_when_no_proxy_covers_the_target_is_fine(void **state)
{
    (void)state;
    static const char *const lists[] = {"*", "proxy.example", "a, .example", "example",
                                        "x proxy.example"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        assert_ok(check("proxy.example", ENV("HTTPS_PROXY", "p:1", "NO_PROXY", lists[i])));
        assert_ok(check("proxy.example", ENV("HTTPS_PROXY", "p:1", "no_proxy", lists[i])));
    }
    assert_ok(check("localhost", ENV("HTTPS_PROXY", "p:1")));
    assert_ok(check("127.0.0.1", ENV("HTTPS_PROXY", "p:1")));
    assert_ok(check("[::1]", ENV("HTTPS_PROXY", "p:1")));
}

static void test_environment_when_no_proxy_covers_others_is_refused(void **state)
{
    (void)state;
    static const char *const lists[] = {"",  "other", "xproxy.example", "y.proxy.example", "ample",
                                        ".", ",",     ".proxy.example"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        assert_fails(check("proxy.example", ENV("HTTPS_PROXY", "p:1", "NO_PROXY", lists[i])),
                     ERR_CONFIG, "HTTPS_PROXY");
}

static void test_environment_when_it_asks_for_an_upgrade_is_refused_by_name(void **state)
{
    (void)state;
    assert_fails(check("proxy.example", ENV("TELEPORT_TLS_ROUTING_CONN_UPGRADE", "yes")),
                 ERR_CONFIG, "TELEPORT_TLS_ROUTING_CONN_UPGRADE='yes'");
    assert_fails(check("127.0.0.1", ENV("TELEPORT_TLS_ROUTING_CONN_UPGRADE_MODE", "legacy")),
                 ERR_CONFIG, "TELEPORT_TLS_ROUTING_CONN_UPGRADE_MODE='legacy'");
    assert_fails(check("127.0.0.1", ENV("TELEPORT_TUNNEL_PUBLIC_ADDR", "t:3024")), ERR_CONFIG,
                 "TELEPORT_TUNNEL_PUBLIC_ADDR");
}

static void test_environment_when_the_proxy_has_a_password_does_not_tell_it(void **state)
{
    (void)state;
    struct err *e = check("proxy.example", ENV("HTTPS_PROXY", "http://me:hunter2@p:3128"));
    CLEANUP(freep) char *text = err_text(e);
    assert_non_null(text);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(err_hint(e), "NO_PROXY"));
    err_free(e);
}

static void test_environment_names_cover_what_is_refused(void **state)
{
    (void)state;
    size_t n_refused = 0;
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        CLEANUP(err_freep)
        struct err *e = check("proxy.example", ENV(environment_names[i], "anything"));
        n_refused += e != NULL;
    }
    assert_int_equal(n_refused, ENVIRONMENT_COUNT - 2); /* NO_PROXY, twice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_when_it_asks_for_nothing_is_fine),
        cmocka_unit_test(test_environment_when_it_asks_for_a_proxy_is_refused_by_name),
        cmocka_unit_test(test_environment_when_no_proxy_covers_the_target_is_fine),
        cmocka_unit_test(test_environment_when_no_proxy_covers_others_is_refused),
        cmocka_unit_test(test_environment_when_it_asks_for_an_upgrade_is_refused_by_name),
        cmocka_unit_test(test_environment_when_the_proxy_has_a_password_does_not_tell_it),
        cmocka_unit_test(test_environment_names_cover_what_is_refused),
    };
    return cmocka_run_group_tests_name("transport/environment", tests, NULL, NULL);
}
