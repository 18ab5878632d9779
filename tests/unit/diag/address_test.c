/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/address.h"

#include "tests/support/assert_err.h"

#include <arpa/inet.h>

static struct diag_address parse(const char *text)
{
    struct diag_address a;
    assert_ok(diag_address_parse(text, &a));
    assert_string_equal(a.text, text);
    return a;
}

static void assert_v4(const char *text, enum diag_scheme scheme, const char *ip, int port,
                      bool local)
{
    struct diag_address a = parse(text);
    char shown[INET_ADDRSTRLEN];
    assert_int_equal(a.scheme, scheme);
    assert_int_equal(a.at.any.sa_family, AF_INET);
    assert_string_equal(inet_ntop(AF_INET, &a.at.v4.sin_addr, shown, sizeof(shown)), ip);
    assert_int_equal(ntohs(a.at.v4.sin_port), port);
    assert_int_equal(diag_address_is_local(&a), local);
}

static void test_tcp_forms(void **state)
{
    (void)state;
    assert_v4("127.0.0.1:3001", DIAG_HTTP, "127.0.0.1", 3001, true);
    assert_v4("http://127.9.9.9:1", DIAG_HTTP, "127.9.9.9", 1, true);
    assert_v4("https://0.0.0.0:443", DIAG_HTTPS, "0.0.0.0", 443, false);
    assert_v4("localhost:0", DIAG_HTTP, "127.0.0.1", 0, true);
}

static void test_ipv6_stands_in_brackets(void **state)
{
    (void)state;
    struct diag_address a = parse("[::1]:3001");
    assert_int_equal(a.at.any.sa_family, AF_INET6);
    assert_true(diag_address_is_local(&a));
    a = parse(":3001");
    assert_int_equal(a.at.any.sa_family, AF_INET6);
    assert_true(IN6_IS_ADDR_UNSPECIFIED(&a.at.v6.sin6_addr));
    assert_false(diag_address_is_local(&a));
}

static void test_unix_and_systemd(void **state)
{
    (void)state;
    struct diag_address a = parse("unix:/run/tbot/diag.sock");
    assert_int_equal(a.scheme, DIAG_UNIX);
    assert_string_equal(a.at.local.sun_path, "/run/tbot/diag.sock");
    assert_true(diag_address_is_local(&a));
    assert_ok(diag_address_parse("systemd:diag", &a));
    assert_int_equal(a.scheme, DIAG_SYSTEMD);
    assert_string_equal(a.text, "diag");
    assert_false(diag_address_is_local(&a));
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "127.0.0.1",     "127.0.0.1:",    "127.0.0.1:x",   "127.0.0.1:65536",
        "::1:3001", "[127.0.0.1]:1", "bot.example:1", "unix:relative", "unix:",
        "systemd:", "http://:99999", "https://a",     "127.0.0.1:+1",  "[::1:80",
    };
    struct diag_address a;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(diag_address_parse(bad[i], &a), ERR_CONFIG, "diagnostics address");
}

static void test_path_longer_than_a_socket_may_have(void **state)
{
    (void)state;
    char text[140] = "unix:/";
    struct diag_address a;
    memset(text + 6, 'a', 120);
    assert_fails(diag_address_parse(text, &a), ERR_CONFIG, "107 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_forms),
        cmocka_unit_test(test_ipv6_stands_in_brackets),
        cmocka_unit_test(test_unix_and_systemd),
        cmocka_unit_test(test_what_makes_no_sense_is_refused),
        cmocka_unit_test(test_path_longer_than_a_socket_may_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
