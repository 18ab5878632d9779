/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static const struct address used = {.host = "proxy.example.com", .port = 8443};

typedef RESULT (*finder)(const struct webapi_find *, const struct address *, struct address *);

static struct err *find_tunnel(const struct webapi_find *f, const struct address *u,
                               struct address *ret)
{
    return webapi_find_tunnel(f, NULL, u, ret);
}

static void assert_finds(finder find, const struct webapi_find *f, const char *want)
{
    struct address a;
    char text[ADDRESS_TEXT_SIZE];
    assert_ok(find(f, &used, &a));
    assert_string_equal(address_format(&a, text), want);
}

static void test_web_prefers_the_public_address(void **state)
{
    struct webapi_find f = {.web_listen_addr = "0.0.0.0:3080", .public_addr = "public:443"};
    (void)state;
    assert_finds(webapi_find_web, &f, "public:443");
    f = (struct webapi_find){.web_listen_addr = "0.0.0.0:3080", .public_addr = "public"};
    assert_finds(webapi_find_web, &f, "public:3080");
    f = (struct webapi_find){.public_addr = "https://public"};
    assert_finds(webapi_find_web, &f, "public:443");
    f = (struct webapi_find){.web_listen_addr = "10.0.0.1:3080"};
    assert_finds(webapi_find_web, &f, "10.0.0.1:3080");
    f = (struct webapi_find){0};
    assert_finds(webapi_find_web, &f, "proxy.example.com:8443");
}

static void test_unspecified_hosts_become_the_host_used(void **state)
{
    static const char *const hosts[] = {"0.0.0.0", "[::]", "[0:0:0:0:0:0:0:0]", "[::0.0.0.0]"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct webapi_find f = {0};
        snprintf(f.public_addr, sizeof(f.public_addr), "%s:1", hosts[i]);
        assert_finds(webapi_find_web, &f, "proxy.example.com:1");
    }
    const struct webapi_find other = {.public_addr = "0.0.0.1:1"};
    assert_finds(webapi_find_web, &other, "0.0.0.1:1");
}

static void test_tls_routing_sends_everything_to_the_web_port(void **state)
{
    const struct webapi_find f = {
        .has_tls_routing = true,
        .web_listen_addr = "0.0.0.0:3080",
        .public_addr = "public:443",
        .ssh_public_addr = "ssh:1",
        .tunnel_public_addr = "tunnel:2",
        .kube_public_addr = "kube:3",
    };
    (void)state;
    assert_finds(webapi_find_web, &f, "public:443");
    assert_finds(webapi_find_ssh, &f, "public:443");
    assert_finds(find_tunnel, &f, "public:443");
    assert_finds(webapi_find_kube, &f, "public:443");
}

static void test_ssh_falls_from_its_own_address_to_the_host_used(void **state)
{
    struct webapi_find f = {
        .ssh_public_addr = "ssh", .public_addr = "public:443", .ssh_listen_addr = "[::]:3323"};
    (void)state;
    assert_finds(webapi_find_ssh, &f, "ssh:3023");
    f.ssh_public_addr[0] = '\0';
    assert_finds(webapi_find_ssh, &f, "public:3023");
    f.public_addr[0] = '\0';
    assert_finds(webapi_find_ssh, &f, "proxy.example.com:3323");
    f.ssh_listen_addr[0] = '\0';
    assert_finds(webapi_find_ssh, &f, "proxy.example.com:3023");
}

static void test_tunnel_falls_through_in_the_protocol_s_order(void **state)
{
    struct webapi_find f = {
        .tunnel_public_addr = "tunnel",
        .ssh_public_addr = "ssh:23",
        .public_addr = "public:443",
        .tunnel_listen_addr = "0.0.0.0:3424",
        .web_listen_addr = "0.0.0.0:3080",
    };
    (void)state;
    assert_finds(find_tunnel, &f, "tunnel:3424");
    f.tunnel_public_addr[0] = '\0';
    assert_finds(find_tunnel, &f, "ssh:3424");
    f.ssh_public_addr[0] = '\0';
    assert_finds(find_tunnel, &f, "public:3424");
    f.public_addr[0] = '\0';
    assert_finds(find_tunnel, &f, "proxy.example.com:3424");
    f.tunnel_listen_addr[0] = '\0';
    assert_finds(find_tunnel, &f, "proxy.example.com:3080");

    const struct webapi_find no_port = {.public_addr = "public:443"};
    assert_finds(find_tunnel, &no_port, "public:3024");
}

static void test_tunnel_given_by_a_person_wins(void **state)
{
    const struct webapi_find f = {.has_tls_routing = true, .public_addr = "public:443"};
    struct address a;
    (void)state;
    assert_ok(webapi_find_tunnel(&f, "mine", &used, &a));
    assert_string_equal(a.host, "mine");
    assert_int_equal(a.port, 3024);
    assert_ok(webapi_find_tunnel(&f, "", &used, &a));
    assert_string_equal(a.host, "public");
    assert_fails(webapi_find_tunnel(&f, "mine:x", &used, &a), ERR_CONFIG, "mine:x");
}

static void test_kube_takes_its_own_address_or_the_proxy_s_host(void **state)
{
    struct webapi_find f = {.kube_public_addr = "kube:1",
                            .kube_listen_addr = "0.0.0.0:3326",
                            .public_addr = "public:443"};
    (void)state;
    assert_finds(webapi_find_kube, &f, "kube:1");
    f.kube_public_addr[0] = '\0';
    assert_finds(webapi_find_kube, &f, "public:3326");
    f.kube_listen_addr[0] = '\0';
    assert_finds(webapi_find_kube, &f, "public:3026");
    f.public_addr[0] = '\0';
    assert_finds(webapi_find_kube, &f, "proxy.example.com:3026");
}

static void test_address_that_cannot_be_read_is_the_proxy_s_fault(void **state)
{
    const struct webapi_find f = {.public_addr = "a b:1", .tunnel_listen_addr = "x:99999"};
    struct address a = {.host = "untouched"};
    (void)state;
    assert_fails(webapi_find_web(&f, &used, &a), ERR_PROTOCOL, "'a b:1'");
    assert_fails(webapi_find_ssh(&f, &used, &a), ERR_PROTOCOL, "'a b:1'");
    assert_fails(webapi_find_kube(&f, &used, &a), ERR_PROTOCOL, "'a b:1'");
    assert_fails(find_tunnel(&f, &used, &a), ERR_PROTOCOL, "'x:99999'");
    assert_string_equal(a.host, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_web_prefers_the_public_address),
        cmocka_unit_test(test_unspecified_hosts_become_the_host_used),
        cmocka_unit_test(test_tls_routing_sends_everything_to_the_web_port),
        cmocka_unit_test(test_ssh_falls_from_its_own_address_to_the_host_used),
        cmocka_unit_test(test_tunnel_falls_through_in_the_protocol_s_order),
        cmocka_unit_test(test_tunnel_given_by_a_person_wins),
        cmocka_unit_test(test_kube_takes_its_own_address_or_the_proxy_s_host),
        cmocka_unit_test(test_address_that_cannot_be_read_is_the_proxy_s_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
