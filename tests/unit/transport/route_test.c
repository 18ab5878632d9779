/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/route.h"

#include "tests/support/assert_err.h"

#define EXAMPLE "6578616d706c65.teleport.cluster.local"

static void assert_alpn(const struct route_tls *t, const char *first, const char *second)
{
    assert_string_equal(t->config.alpn[0], first);
    if (!second) {
        assert_null(t->config.alpn[1]);
        return;
    }
    assert_string_equal(t->config.alpn[1], second);
    assert_null(t->config.alpn[2]);
}

static void test_auth_when_direct_asks_for_the_cluster_by_its_name(void **state)
{
    (void)state;
    struct route_tls t;
    struct route_trust nobody = {0};
    assert_ok(route_auth(ROUTE_DIRECT, "example", &nobody, &t));
    assert_string_equal(t.config.sni, EXAMPLE);
    assert_string_equal(t.config.verify_name, EXAMPLE);
    assert_alpn(&t, "h2", NULL);
    assert_string_equal(t.config.require_alpn, "h2");
    assert_int_equal(t.config.verify, TLS_VERIFY_NONE);
}

static void test_auth_when_the_cluster_is_unknown_asks_for_any(void **state)
{
    (void)state;
    struct route_tls t;
    struct stack_st_X509 *roots = (struct stack_st_X509 *)&t; /* only passed on */
    assert_ok(route_auth(ROUTE_DIRECT, NULL, &(struct route_trust){.roots = roots}, &t));
    assert_string_equal(t.config.sni, "teleport.cluster.local");
    assert_int_equal(t.config.verify, TLS_VERIFY_ROOTS);
    assert_ptr_equal(t.config.roots, roots);
}

static void test_auth_when_routed_leads_with_what_the_proxy_routes_by(void **state)
{
    (void)state;
    struct route_tls t;
    assert_ok(route_auth(ROUTE_TLS_ROUTING, "example", &(struct route_trust){0}, &t));
    assert_alpn(&t, "teleport-auth@" EXAMPLE, "h2");
    assert_string_equal(t.config.require_alpn, "h2");
    assert_string_equal(t.config.sni, EXAMPLE);
    assert_fails(route_auth(ROUTE_TLS_ROUTING, NULL, &(struct route_trust){0}, &t), ERR_BUG,
                 "route");
}

static void test_auth_when_the_clusters_name_is_too_long_is_refused(void **state)
{
    (void)state;
    struct route_tls t;
    char name[121];
    memset(name, 'c', 120);
    name[120] = '\0';
    assert_fails(route_auth(ROUTE_DIRECT, name, &(struct route_trust){0}, &t), ERR_REJECTED,
                 "longer");
    name[109] = '\0'; /* the longest there is: an ALPN entry of 255 bytes */
    assert_ok(route_auth(ROUTE_TLS_ROUTING, name, &(struct route_trust){0}, &t));
    assert_int_equal(strlen(t.config.alpn[0]), 255);
}

static void test_auth_http_when_direct_or_routed_offers_http(void **state)
{
    (void)state;
    struct route_tls t;
    assert_ok(route_auth_http(ROUTE_DIRECT, "example", &(struct route_trust){0}, &t));
    assert_alpn(&t, "http/1.1", NULL);
    assert_null(t.config.require_alpn);
    assert_ok(route_auth_http(ROUTE_TLS_ROUTING, "example", &(struct route_trust){0}, &t));
    assert_alpn(&t, "teleport-auth@" EXAMPLE, "http/1.1");
}

static void test_web_when_verified_uses_the_systems_roots(void **state)
{
    (void)state;
    struct route_tls t;
    struct address proxy = {.host = "proxy.example", .port = 443};
    route_web(&proxy, false, &t);
    assert_string_equal(t.config.sni, "proxy.example");
    assert_string_equal(t.config.verify_name, "proxy.example");
    assert_int_equal(t.config.verify, TLS_VERIFY_SYSTEM);
    assert_alpn(&t, "http/1.1", NULL);
    assert_null(t.config.cert);
    route_web(&proxy, true, &t);
    assert_int_equal(t.config.verify, TLS_VERIFY_NONE);
}

static void test_web_when_an_ip_address_sends_no_name_but_verifies_it(void **state)
{
    (void)state;
    struct route_tls t;
    struct address proxy = {.host = "10.0.0.1", .port = 443};
    route_web(&proxy, false, &t);
    assert_null(t.config.sni);
    assert_string_equal(t.config.verify_name, "10.0.0.1");
}

static void test_join_and_ssh_when_routed_lead_with_their_service(void **state)
{
    (void)state;
    struct route_tls t;
    struct address proxy = {.host = "proxy.example", .port = 443};
    route_join(&proxy, false, &t);
    assert_alpn(&t, "teleport-proxy-grpc", "h2");
    assert_string_equal(t.config.require_alpn, "h2");
    assert_int_equal(t.config.verify, TLS_VERIFY_SYSTEM);
    assert_ok(route_ssh("example", &(struct route_trust){0}, &t));
    assert_alpn(&t, "teleport-proxy-ssh-grpc", "h2");
    assert_null(t.config.require_alpn);
    assert_string_equal(t.config.verify_name, EXAMPLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth_when_direct_asks_for_the_cluster_by_its_name),
        cmocka_unit_test(test_auth_when_the_cluster_is_unknown_asks_for_any),
        cmocka_unit_test(test_auth_when_routed_leads_with_what_the_proxy_routes_by),
        cmocka_unit_test(test_auth_when_the_clusters_name_is_too_long_is_refused),
        cmocka_unit_test(test_auth_http_when_direct_or_routed_offers_http),
        cmocka_unit_test(test_web_when_verified_uses_the_systems_roots),
        cmocka_unit_test(test_web_when_an_ip_address_sends_no_name_but_verifies_it),
        cmocka_unit_test(test_join_and_ssh_when_routed_lead_with_their_service),
    };
    return cmocka_run_group_tests_name("transport/route", tests, NULL, NULL);
}
