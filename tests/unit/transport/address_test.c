/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/address.h"

#include "tests/support/assert_err.h"

static void assert_parses(const char *text, const char *host, unsigned port)
{
    struct address a;
    assert_ok(address_parse(text, 3025, &a));
    assert_string_equal(a.host, host);
    assert_int_equal(a.port, port);
}

static void test_parse_of_every_form_gives_host_and_port(void **state)
{
    (void)state;
    assert_parses("proxy.example.com:443", "proxy.example.com", 443);
    assert_parses("proxy.example.com", "proxy.example.com", 3025);
    assert_parses("a_b-c", "a_b-c", 3025);
    assert_parses("tcp://auth:1", "auth", 1);
    assert_parses("http://auth", "auth", 3025);
    assert_parses("https://auth:65535/", "auth", 65535);
    assert_parses("127.0.0.1:3080", "127.0.0.1", 3080);
    assert_parses("[::1]:3080", "::1", 3080);
    assert_parses("https://[2001:db8::1]", "2001:db8::1", 3025);
    assert_parses("2001:db8::1", "2001:db8::1", 3025);
}

static void test_parse_of_nonsense_is_a_configuration_error(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        ":3025",
        "host:",
        "host:0",
        "host:65536",
        "host:-1",
        "host:+1",
        "host: 1",
        "host:1x",
        "host:0x50",
        "host:4294967297",
        "a:1:2",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[host]:1",
        "[]:1",
        "::1]:1",
        "a b:1",
        "a\n:1",
        "a\r\nb:1",
        "a/b:1",
        "user@host:1",
        "ftp://h",
        "tcp://",
        "http://h//",
        "host/path",
        "h\x7f:1",
        "h\xc3\xa9:1",
        "https://https://h",
        "%s%n:1",
        "h?x:1",
        "[fe80::1%eth0]:1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct address a = {.host = "untouched", .port = 7};
        assert_fails(address_parse(bad[i], 3025, &a), ERR_CONFIG, "address '");
        assert_string_equal(a.host, "untouched");
    }
}

static void test_parse_at_the_length_limit_takes_255_bytes_and_no_more(void **state)
{
    char text[1024];
    struct address a;
    (void)state;
    memset(text, 'h', sizeof(text));
    memcpy(text + 255, ":65535", sizeof(":65535"));
    assert_ok(address_parse(text, 1, &a));
    assert_int_equal(strlen(a.host), 255);
    assert_int_equal(a.port, 65535);

    memset(text, 'h', sizeof(text));
    memcpy(text + 256, ":65535", sizeof(":65535"));
    assert_fails(address_parse(text, 1, &a), ERR_CONFIG, "too long");
    memset(text, 'h', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_fails(address_parse(text, 1, &a), ERR_CONFIG, "too long");
}

static void test_format_puts_ipv6_in_brackets(void **state)
{
    char out[ADDRESS_TEXT_SIZE];
    const struct address v6 = {.host = "::1", .port = 3080};
    const struct address name = {.host = "auth", .port = 3025};
    (void)state;
    assert_string_equal(address_format(&v6, out), "[::1]:3080");
    assert_string_equal(address_format(&name, out), "auth:3025");
}

static void test_is_ip_and_is_loopback_tell_names_from_numbers(void **state)
{
    static const struct {
        struct address address;
        bool is_ip, is_loopback;
    } cases[] = {
        {{.host = "127.0.0.1"}, true, true},
        {{.host = "127.9.9.9"}, true, true},
        {{.host = "::1"}, true, true},
        {{.host = "10.0.0.1"}, true, false},
        {{.host = "2001:db8::1"}, true, false},
        {{.host = "localhost"}, false, true},
        {{.host = "127.example.com"}, false, false},
        {{.host = "auth"}, false, false},
        {{.host = "1.2.3"}, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(address_is_ip(&cases[i].address), cases[i].is_ip);
        assert_int_equal(address_is_loopback(&cases[i].address), cases[i].is_loopback);
    }
}

static void test_of_cluster_gives_lower_case_hex_of_any_byte(void **state)
{
    char name[ADDRESS_NAME_SIZE];
    (void)state;
    assert_ok(address_of_cluster("Kö", name));
    assert_string_equal(name, "4bc3b6.teleport.cluster.local");
    assert_ok(address_of_cluster("example.com", name));
    assert_string_equal(name, "6578616d706c652e636f6d.teleport.cluster.local");
}

static void test_of_cluster_with_no_or_too_long_a_name_is_refused(void **state)
{
    char name[ADDRESS_NAME_SIZE];
    char cluster[300];
    size_t longest = 0;
    (void)state;
    assert_fails(address_of_cluster("", name), ERR_REJECTED, "empty");
    for (size_t len = 1; len < sizeof(cluster); len++) {
        memset(cluster, 'c', len);
        cluster[len] = '\0';
        struct err *e = address_of_cluster(cluster, name);
        if (!e) {
            assert_int_equal(longest, len - 1);
            longest = len;
            assert_true(strlen("teleport-auth@") + strlen(name) <= 255);
        } else {
            assert_int_equal(err_code(e), ERR_REJECTED);
        }
        err_free(e);
    }
    assert_int_equal(longest, 109);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_of_every_form_gives_host_and_port),
        cmocka_unit_test(test_parse_of_nonsense_is_a_configuration_error),
        cmocka_unit_test(test_parse_at_the_length_limit_takes_255_bytes_and_no_more),
        cmocka_unit_test(test_format_puts_ipv6_in_brackets),
        cmocka_unit_test(test_is_ip_and_is_loopback_tell_names_from_numbers),
        cmocka_unit_test(test_of_cluster_gives_lower_case_hex_of_any_byte),
        cmocka_unit_test(test_of_cluster_with_no_or_too_long_a_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
