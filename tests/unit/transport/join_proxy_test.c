/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture.h"
#include "tests/unit/transport/join_world.h"

static void begin(struct join_world *w, const char *version)
{
    w->version = version;
    w->config.insecure = true; /* its web certificate is not the subject */
    join_world_begin(w, PATH_PROXY);
}

static void test_join_at_version_18_uses_the_stream(void **state)
{
    struct join_world *w = *state;
    begin(w, "18.0.3");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_int_equal(w->report.via, ROUTE_TLS_ROUTING);
    assert_int_equal(w->asked_suite, SUITE_BALANCED_V1);
}

static void test_join_up_to_version_17_uses_http(void **state)
{
    struct join_world *w = *state;
    begin(w, "17.2.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_http, 1);
    assert_int_equal(w->n_http_auth, 0);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_int_equal(w->asked_suite, SUITE_BALANCED_V1);
    assert_string_equal(w->report.cluster, FIXTURE_CLUSTER);
}

static void test_join_at_version_15_has_the_legacy_suite(void **state)
{
    struct join_world *w = *state;
    w->find = "{\"cluster_name\":\"" FIXTURE_CLUSTER "\",\"server_version\":\"15.4.0\"}";
    begin(w, "15.4.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->asked_suite, SUITE_LEGACY);
}

static void test_join_where_the_stream_is_unknown_uses_http(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_UNKNOWN;
    begin(w, "18.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(w->n_http, 1);
}

/* As through a load balancer that decrypts and speaks HTTP/1.1 only. */
static void test_join_where_grpc_cannot_be_dialled_uses_http(void **state)
{
    static const char *const http_only[] = {"http/1.1", NULL};
    struct join_world *w = *state;
    w->server.alpn = http_only;
    begin(w, "18.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 0);
    assert_int_equal(w->n_http, 1);
}

static void test_join_when_the_stream_ends_before_the_keys_were_sent_uses_http(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_LOST_SOON;
    begin(w, "18.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(w->n_http, 1);
}

static void test_join_when_the_streams_result_is_lost_is_not_repeated(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_LOST;
    begin(w, "18.0.0");
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "JoinService/Join");
    assert_int_equal(w->n_stream_keys, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_true(w->report.token_may_be_used);
}

static void test_join_when_the_reply_of_http_is_lost_is_not_repeated(void **state)
{
    struct join_world *w = *state;
    w->http = JOIN_LOST;
    begin(w, "17.0.0");
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "proxy");
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_true(w->report.token_may_be_used);
}

static void test_join_when_denied_says_what_to_do(void **state)
{
    struct join_world *w = *state;
    w->http = JOIN_DENIED;
    begin(w, "17.0.0");
    struct err *e = join_world_join(w);
    assert_int_equal(err_code(e), ERR_DENIED);
    assert_non_null(strstr(err_hint(e), "tctl bots add"));
    err_free(e);
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_join_when_denied_by_the_stream_does_not_ask_over_http(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_DENIED;
    begin(w, "18.0.0");
    assert_fails(join_world_join(w), ERR_DENIED, "expired");
    assert_int_equal(join_world_tokens_seen(w), 1);
}

/* --- whom to trust --- */

static void test_join_where_the_web_certificate_is_not_trusted_shows_no_token(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_PROXY);
    struct err *e = join_world_join(w);
    assert_int_equal(err_code(e), ERR_UNTRUSTED);
    assert_non_null(strstr(err_hint(e), "web certificate"));
    err_free(e);
    assert_int_equal(join_world_tokens_seen(w), 0);
}

static void test_join_where_the_system_trusts_the_web_certificate_succeeds(void **state)
{
    struct join_world *w = *state;
    w->version = "18.0.0";
    join_world_begin(w, PATH_PROXY);
    setenv("SSL_CERT_FILE", join_world_ca_file(w, &w->ca), 1);
    struct err *e = join_world_join(w);
    unsetenv("SSL_CERT_FILE");
    assert_ok(e);
    assert_false(w->report.is_unverified);
    assert_int_equal(w->n_stream, 1);
}

static void test_join_where_find_makes_no_sense_shows_no_token(void **state)
{
    struct join_world *w = *state;
    w->find = "<html>welcome</html>";
    begin(w, "17.0.0");
    struct err *e = join_world_join(w);
    assert_int_equal(err_code(e), ERR_PROTOCOL);
    assert_non_null(strstr(err_hint(e), "auth_server"));
    err_free(e);
    assert_int_equal(join_world_tokens_seen(w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOIN_TEST(test_join_at_version_18_uses_the_stream),
        JOIN_TEST(test_join_up_to_version_17_uses_http),
        JOIN_TEST(test_join_at_version_15_has_the_legacy_suite),
        JOIN_TEST(test_join_where_the_stream_is_unknown_uses_http),
        JOIN_TEST(test_join_where_grpc_cannot_be_dialled_uses_http),
        JOIN_TEST(test_join_when_the_stream_ends_before_the_keys_were_sent_uses_http),
        JOIN_TEST(test_join_when_the_streams_result_is_lost_is_not_repeated),
        JOIN_TEST(test_join_when_the_reply_of_http_is_lost_is_not_repeated),
        JOIN_TEST(test_join_when_denied_says_what_to_do),
        JOIN_TEST(test_join_when_denied_by_the_stream_does_not_ask_over_http),
        JOIN_TEST(test_join_where_the_web_certificate_is_not_trusted_shows_no_token),
        JOIN_TEST(test_join_where_the_system_trusts_the_web_certificate_succeeds),
        JOIN_TEST(test_join_where_find_makes_no_sense_shows_no_token),
    };
    return fake_cluster_run_tests("transport/join_proxy", tests);
}
