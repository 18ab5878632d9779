/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_uri.h"

#include "agent/config_join_uri.h"
#include "tests/unit/agent/config_test_support.h"

#include <string.h>

static void test_destination_of_each_form_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path; /* NULL: memory */
    } cases[] = {
        {"/srv/x", "/srv/x"},      {"srv", "srv"},      {"file:///srv/x", "/srv/x"},
        {"file:///a%20b", "/a b"}, {"memory://", NULL}, {"/with%20percent", "/with%20percent"},
    };
    CLEANUP(config_destination_release) struct config_destination place = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_ok(config_uri_destination(cases[i].text, &place));
        assert_int_equal(place.type,
                         cases[i].path ? CONFIG_DESTINATION_DIRECTORY : CONFIG_DESTINATION_MEMORY);
        if (cases[i].path)
            assert_string_equal(place.path, cases[i].path);
    }
}

static void test_destination_of_nonsense_refuses_and_keeps(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "the path is empty"},
        {"file://host/x", "a file:// address has no host, write file:///path"},
        {"file:///a%2", "'/a%2' is not encoded properly ('%' and two hex digits)"},
        {"file:///a%00b", "'/a%00b' is not encoded properly ('%' and two hex digits)"},
        {"memory://x", "memory:// takes nothing behind it"},
        {"kubernetes-secret://x", "write kubernetes-secret:///name: no host, one name"},
        {"kubernetes-secret:///", "write kubernetes-secret:///name: no host, one name"},
        {"kubernetes-secret:///x/y", "write kubernetes-secret:///name: no host, one name"},
        {"s3://x",
         "'s3://x' is neither a path nor file:///path, memory:// or kubernetes-secret:///name"},
    };
    CLEANUP(config_destination_release) struct config_destination place = {0};
    assert_ok(config_destination_set(&place, "/kept"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        config_test_assert_error(config_uri_destination(cases[i].text, &place), ERR_USAGE,
                                 cases[i].message, __FILE__, __LINE__);
    assert_string_equal(place.path, "/kept");
}

static void test_destination_of_a_secret_has_its_name(void **state)
{
    (void)state;
    CLEANUP(config_destination_release) struct config_destination place = {0};
    assert_ok(config_uri_destination("kubernetes-secret:///web", &place));
    assert_int_equal(place.type, CONFIG_DESTINATION_KUBERNETES_SECRET);
    assert_string_equal(place.name, "web");
}

static void test_join_uri_of_proxy_and_auth_sets_their_address(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *a = NULL, *b = NULL;
    assert_ok(config_new(&a));
    assert_ok(config_new(&b));
    assert_ok(config_join_uri_apply("tbot+proxy+token://t%3ao%40k@p.example.com:443/", a));
    assert_string_equal(a->proxy_server, "p.example.com:443");
    assert_null(a->auth_server);
    assert_string_equal(a->onboarding.join_method, "token");
    assert_string_equal(secret_str(a->onboarding.token), "t:o@k");
    assert_ok(config_join_uri_apply("tbot+auth+token://tok@[::1]:3025", b));
    assert_string_equal(b->auth_server, "[::1]:3025");
}

static void test_join_uri_of_nonsense_refuses_without_the_token(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *part;
    } cases[] = {
        {"https://s3cret@p:443", "does not begin with 'tbot+'"},
        {"tbot+relay+token://s3cret@p:443", "neither 'proxy' nor 'auth'"},
        {"tbot+proxy+token", "there is no '://'"},
        {"tbot+proxy+token://p:443", "there is no token"},
        {"tbot+proxy+token://@p:443", "there is no token"},
        {"tbot+proxy+token://:s3cret@p:443", "takes no parameter"},
        {"tbot+proxy+token://s3cret%zz@p:443", "not encoded properly"},
        {"tbot+proxy+token://s3cret%00@p:443", "not encoded properly"},
        {"tbot+proxy+token://s3cret@", "must be host:port"},
        {"tbot+proxy+token://s3cret@p:443/path", "must be host:port"},
        {"tbot+proxy+tokn://s3cret@p:443", "no join method 'tokn'"},
        {"tbot+proxy+bound-keypair://s3cret:x@p:443",
         "join method 'bound_keypair' is not built yet in this tbot"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(config_freep) struct config *config = NULL;
        assert_ok(config_new(&config));
        CLEANUP(err_freep) struct err *e = config_join_uri_apply(cases[i].uri, config);
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), ERR_CONFIG);
        if (!strstr(text, cases[i].part) || strstr(text, "s3cret"))
            fail_msg("'%s': %s", cases[i].uri, text);
        assert_null(config->proxy_server);
        assert_null(config->onboarding.join_method);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destination_of_each_form_is_understood),
        cmocka_unit_test(test_destination_of_nonsense_refuses_and_keeps),
        cmocka_unit_test(test_destination_of_a_secret_has_its_name),
        cmocka_unit_test(test_join_uri_of_proxy_and_auth_sets_their_address),
        cmocka_unit_test(test_join_uri_of_nonsense_refuses_without_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
