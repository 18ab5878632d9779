/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_target.h"

#include "base/cleanup.h"
#include "tests/support/assert_err.h"

static void test_graphite_is_host_and_port(void **state)
{
    (void)state;
    struct push_target t;
    assert_ok(push_target_graphite("carbon.example.com:2103", &t));
    assert_int_equal(t.kind, PUSH_GRAPHITE);
    assert_string_equal(t.address.host, "carbon.example.com");
    assert_int_equal(t.address.port, 2103);
    assert_ok(push_target_graphite("[::1]", &t));
    assert_string_equal(t.address.host, "::1");
    assert_int_equal(t.address.port, 2003);
    assert_fails(push_target_graphite("tcp://carbon:2003", &t), ERR_CONFIG, "write host:port");
    assert_fails(push_target_graphite("carbon:port", &t), ERR_CONFIG, "port");
    assert_fails(push_target_graphite("", &t), ERR_CONFIG, "host name");
}

/* What belongs into 'url' ends up here, with what lets one in there. */
static void test_graphite_that_is_a_url_is_refused_without_its_secrets(void **state)
{
    (void)state;
    static const char *const wrong[] = {"https://user:secret@bridge/", "user:secret@carbon:2003",
                                        "carbon/secret", "carbon:2003?key=secret"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct push_target t;
        struct err *e = push_target_graphite(wrong[i], &t);
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), ERR_CONFIG);
        if (!strstr(text, "host:port") || strstr(text, "secret"))
            fail_msg("'%s': %s", wrong[i], text);
        err_free(e);
    }
}

static void test_url_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *path;
        unsigned port;
        bool is_tls;
    } cases[] = {
        {"http://bridge.example.com", "bridge.example.com", "/", 80, false},
        {"https://bridge.example.com/", "bridge.example.com", "/", 443, true},
        {"https://bridge:8443/metrics/tbot", "bridge", "/metrics/tbot", 8443, true},
        {"http://[::1]:9090/in?key=a%20b", "::1", "/in?key=a%20b", 9090, false},
        {"http://127.0.0.1?key=1", "127.0.0.1", "/?key=1", 80, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct push_target t;
        assert_ok(push_target_url(cases[i].url, &t));
        assert_int_equal(t.kind, PUSH_URL);
        assert_string_equal(t.address.host, cases[i].host);
        assert_int_equal(t.address.port, cases[i].port);
        assert_string_equal(t.path, cases[i].path);
        assert_int_equal(t.is_tls, cases[i].is_tls);
    }
}

static void test_url_that_is_none_is_refused_without_its_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *url, *part;
    } cases[] = {
        {"", "http:// or https://"},
        {"bridge:80/secret", "http:// or https://"},
        {"HTTP://bridge/secret", "http:// or https://"},
        {"ftp://bridge/secret", "http:// or https://"},
        {"http://", "host name"},
        {"http:///secret", "host name"},
        {"http://bridge:0/secret", "port"},
        {"http://user:secret@bridge/", "user or password"},
        {"http://bridge/a secret", "blank"},
        {"http://bridge/\r\nX-Evil: secret", "blank"},
        {"http://bridge/a#secret", "'#'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct push_target t;
        struct err *e = push_target_url(cases[i].url, &t);
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), ERR_CONFIG);
        if (!strstr(text, cases[i].part) || strstr(text, "secret"))
            fail_msg("'%s': %s", cases[i].url, text);
        err_free(e);
    }
}

static void test_path_has_a_limit(void **state)
{
    (void)state;
    struct push_target t;
    char url[2000] = "http://a/";
    size_t len = strlen(url);
    memset(url + len, 'x', PUSH_PATH_SIZE - 2);
    assert_ok(push_target_url(url, &t));
    assert_int_equal(strlen(t.path), PUSH_PATH_SIZE - 1);
    url[strlen(url)] = 'x';
    assert_fails(push_target_url(url, &t), ERR_CONFIG, "more than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphite_is_host_and_port),
        cmocka_unit_test(test_graphite_that_is_a_url_is_refused_without_its_secrets),
        cmocka_unit_test(test_url_is_taken_apart),
        cmocka_unit_test(test_url_that_is_none_is_refused_without_its_secrets),
        cmocka_unit_test(test_path_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
