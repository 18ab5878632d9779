/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways together, and what is accepted as a result. */
#include "tests/support/pki_fixture.h"
#include "tests/unit/transport/join_world.h"

#define HTTP "15.0.0"
#define REGISTER "17.0.0"
#define STREAM "18.0.0"

/* --- an address that may be of either kind --- */

static void test_join_at_an_unknown_address_tries_the_proxy_first(void **state)
{
    struct join_world *w = *state;
    w->config.insecure = true;
    join_world_begin(w, PATH_UNKNOWN);
    assert_ok(join_world_join(w));
    assert_int_equal(w->report.via, ROUTE_TLS_ROUTING);
    assert_int_equal(w->n_http, 1);
}

static void test_join_at_an_unknown_address_without_a_proxy_goes_to_the_auth_server(void **state)
{
    struct join_world *w = *state;
    w->find = ""; /* no answer that makes sense */
    w->config.insecure = true;
    join_world_begin(w, PATH_UNKNOWN);
    assert_ok(join_world_join(w));
    assert_int_equal(w->report.via, ROUTE_DIRECT);
    assert_int_equal(w->n_register, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_join_at_an_unknown_address_when_both_fail_tells_both(void **state)
{
    static const char *const http_only[] = {"http/1.1", NULL};
    struct join_world *w = *state;
    w->find = "";
    w->server.alpn = http_only;
    w->config.insecure = true;
    join_world_begin(w, PATH_UNKNOWN);
    struct err *e = join_world_join(w);
    char *text = err_text(e);
    assert_non_null(strstr(text, "join at the proxy"));
    assert_non_null(strstr(text, "join at the auth server"));
    assert_int_equal(join_world_tokens_seen(w), 0);
    free(text);
    err_free(e);
}

static void test_join_at_an_unknown_address_once_the_token_was_sent_does_not_go_on(void **state)
{
    struct join_world *w = *state;
    w->http = JOIN_LOST;
    w->config.insecure = true;
    join_world_begin(w, PATH_UNKNOWN);
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "join at the proxy");
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_join_at_an_unknown_address_when_denied_does_not_go_on(void **state)
{
    struct join_world *w = *state;
    w->version = STREAM;
    w->stream = JOIN_DENIED;
    w->config.insecure = true;
    join_world_begin(w, PATH_UNKNOWN);
    assert_fails(join_world_join(w), ERR_DENIED, "join at the proxy");
    assert_int_equal(join_world_tokens_seen(w), 1);
}

/* A stranger in the middle must not get the token by showing a certificate that we refuse. */
static void test_join_when_the_proxy_is_not_trusted_never_goes_on_unverified(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_UNKNOWN);
    assert_fails(join_world_join(w), ERR_UNTRUSTED, "join at the proxy");
    assert_int_equal(join_world_tokens_seen(w), 0);
}

static void test_join_when_the_proxy_is_not_trusted_may_go_on_with_pins(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_UNKNOWN);
    join_world_pin(w, &w->ca);
    assert_ok(join_world_join(w));
    assert_int_equal(w->report.via, ROUTE_DIRECT);
}

static void test_join_when_nobody_listens_names_the_address(void **state)
{
    struct join_world *w = *state;
    assert_ok(address_parse("127.0.0.1", 1, &w->config.address));
    w->config.kind = PATH_UNKNOWN;
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "dial '127.0.0.1:1'");
}

/* --- the result --- */

static void check_refused(struct join_world *w, const char *version, const char *part)
{
    w->version = version;
    join_world_begin(w, PATH_AUTH);
    struct err *e = join_world_join(w);
    fake_cluster_stop(TAKE(w->fc));
    assert_fails(e, ERR_PROTOCOL, part);
    assert_null(w->credentials);
}

static void check_refused_in_every_form(struct join_world *w, const char *part)
{
    check_refused(w, HTTP, part);
    check_refused(w, REGISTER, part);
    check_refused(w, STREAM, part);
    assert_int_equal(join_world_tokens_seen(w), 3);
}

static void test_result_of_another_cluster_than_the_servers_is_refused(void **state)
{
    struct join_world *w = *state;
    w->cluster = "elsewhere.example";
    check_refused_in_every_form(w, "'elsewhere.example'");
}

static void test_result_that_cannot_be_renewed_is_refused(void **state)
{
    struct join_world *w = *state;
    w->is_not_renewable = true;
    check_refused_in_every_form(w, "renewed");
}

static void test_result_over_another_key_is_refused(void **state)
{
    struct join_world *w = *state;
    w->is_keyed_wrong = true;
    check_refused_in_every_form(w, "key");
}

static void test_result_that_is_no_certificate_is_refused(void **state)
{
    struct join_world *w = *state;
    w->is_garbage = true;
    check_refused_in_every_form(w, "certificate");
}

/* --- the request --- */

static void test_join_when_the_time_is_up_was_not_asked(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_AUTH);
    struct ctx ctx = {.clock = clock_system(), .deadline = {1}};
    assert_fails(join_by_token(&w->config, &ctx, &w->credentials), ERR_TIMEOUT, "");
    assert_int_equal(join_world_tokens_seen(w), 0);
    assert_false(w->report.token_may_be_used);
}

static struct err *no_key(void *arg, enum suite suite, struct key **ret)
{
    (void)arg;
    (void)suite;
    (void)ret;
    return err_new(ERR_CRYPTO, "no key today");
}

static void test_join_without_a_key_does_not_use_the_token(void **state)
{
    struct join_world *w = *state;
    w->version = STREAM;
    w->config.make_key = no_key;
    join_world_begin(w, PATH_AUTH);
    assert_fails(join_world_join(w), ERR_CRYPTO, "no key today");
    assert_int_equal(w->n_stream_keys, 0);
    assert_false(w->report.token_may_be_used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOIN_TEST(test_join_at_an_unknown_address_tries_the_proxy_first),
        JOIN_TEST(test_join_at_an_unknown_address_without_a_proxy_goes_to_the_auth_server),
        JOIN_TEST(test_join_at_an_unknown_address_when_both_fail_tells_both),
        JOIN_TEST(test_join_at_an_unknown_address_once_the_token_was_sent_does_not_go_on),
        JOIN_TEST(test_join_at_an_unknown_address_when_denied_does_not_go_on),
        JOIN_TEST(test_join_when_the_proxy_is_not_trusted_never_goes_on_unverified),
        JOIN_TEST(test_join_when_the_proxy_is_not_trusted_may_go_on_with_pins),
        JOIN_TEST(test_join_when_nobody_listens_names_the_address),
        JOIN_TEST(test_result_of_another_cluster_than_the_servers_is_refused),
        JOIN_TEST(test_result_that_cannot_be_renewed_is_refused),
        JOIN_TEST(test_result_over_another_key_is_refused),
        JOIN_TEST(test_result_that_is_no_certificate_is_refused),
        JOIN_TEST(test_join_when_the_time_is_up_was_not_asked),
        JOIN_TEST(test_join_without_a_key_does_not_use_the_token),
    };
    return fake_cluster_run_tests("transport/join", tests);
}
