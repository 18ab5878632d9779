/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pin.h"
#include "tests/support/pki_fixture.h"
#include "tests/unit/transport/join_world.h"

static void begin(struct join_world *w, const char *version)
{
    w->version = version;
    join_world_begin(w, PATH_AUTH);
    join_world_pin(w, &w->ca);
}

/* --- which form --- */

static void test_join_at_version_18_uses_the_stream(void **state)
{
    struct join_world *w = *state;
    begin(w, "18.2.1");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_string_equal(credentials_subject(w->credentials)->username, "bot-test");
    assert_true(key_equals(credentials_key(w->credentials), w->key));
    assert_string_equal(w->report.cluster, FIXTURE_CLUSTER);
    assert_string_equal(w->report.server_version, "18.2.1");
    assert_false(w->report.is_unverified);
    assert_int_equal(w->asked_suite, SUITE_BALANCED_V1);
}

static void test_join_at_versions_16_and_17_registers(void **state)
{
    struct join_world *w = *state;
    begin(w, "16.0.0-rc.1");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_register, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_int_equal(w->asked_suite, SUITE_BALANCED_V1);
}

static void test_join_at_version_15_uses_http(void **state)
{
    struct join_world *w = *state;
    w->suite = "legacy";
    begin(w, "15.4.2");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_http_auth, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_int_equal(w->asked_suite, SUITE_LEGACY);
}

static void test_join_where_a_form_is_unknown_uses_the_next(void **state)
{
    struct join_world *w = *state;
    w->stream = w->registering = JOIN_UNKNOWN;
    begin(w, "18.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(w->n_register, 1);
    assert_int_equal(w->n_http, 1);
}

static void test_join_where_ping_is_closed_tries_the_newest_first(void **state)
{
    struct join_world *w = *state;
    w->ping_status = 7;
    begin(w, "17.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_stream, 1);
    assert_int_equal(join_world_tokens_seen(w), 1);
}

static void test_join_where_ping_is_unknown_goes_down_to_http(void **state)
{
    struct join_world *w = *state;
    w->ping_status = 12;
    w->stream = w->registering = JOIN_UNKNOWN;
    begin(w, "15.0.0");
    assert_ok(join_world_join(w));
    assert_int_equal(w->n_http, 1);
    assert_int_equal(w->asked_suite, SUITE_LEGACY);
}

static void test_join_where_nothing_is_known_asks_whether_it_is_a_proxy(void **state)
{
    struct join_world *w = *state;
    w->stream = w->registering = w->http = JOIN_UNKNOWN;
    begin(w, "18.0.0");
    struct err *e = join_world_join(w);
    assert_int_equal(err_code(e), ERR_UNIMPLEMENTED);
    assert_non_null(strstr(err_hint(e), "proxy_server"));
    assert_false(w->report.token_may_be_used);
    err_free(e);
}

/* --- once only --- */

static void test_join_when_the_reply_to_registering_is_lost_is_not_repeated(void **state)
{
    struct join_world *w = *state;
    w->registering = JOIN_LOST;
    begin(w, "17.0.0");
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "RegisterUsingToken");
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_true(w->report.token_may_be_used);
}

static void test_join_when_the_reply_of_http_is_lost_is_not_repeated(void **state)
{
    struct join_world *w = *state;
    w->http = JOIN_LOST;
    begin(w, "15.0.0");
    assert_fails(join_world_join(w), ERR_UNAVAILABLE, "join at");
    assert_int_equal(join_world_tokens_seen(w), 1);
    assert_true(w->report.token_may_be_used);
}

static void test_join_when_denied_is_not_repeated_and_says_what_to_do(void **state)
{
    struct join_world *w = *state;
    w->stream = JOIN_DENIED;
    begin(w, "18.0.0");
    struct err *e = join_world_join(w);
    char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_DENIED);
    assert_non_null(strstr(text, "has expired or was not found"));
    assert_null(strstr(text, JOIN_WORLD_TOKEN));
    assert_non_null(strstr(err_hint(e), "tctl bots add"));
    assert_int_equal(join_world_tokens_seen(w), 1);
    free(text);
    err_free(e);
}

/* --- whom to trust --- */

static void test_join_with_the_pins_of_both_cas_succeeds(void **state)
{
    struct join_world *w = *state;
    w->shows_two_cas = true;
    begin(w, "17.0.0");
    join_world_pin(w, &w->foreign);
    assert_ok(join_world_join(w));
}

static void test_join_with_the_pin_of_one_ca_of_two_shows_no_token(void **state)
{
    struct join_world *w = *state;
    w->shows_two_cas = true;
    begin(w, "17.0.0");
    assert_fails(join_world_join(w), ERR_UNTRUSTED, "matches none of the 1 pins");
    assert_int_equal(join_world_tokens_seen(w), 0);
}

static void test_join_with_another_pin_names_what_was_found(void **state)
{
    struct join_world *w = *state;
    struct pin found;
    char text[PIN_TEXT_SIZE];
    w->version = "17.0.0";
    join_world_begin(w, PATH_AUTH);
    join_world_pin(w, &w->foreign);
    assert_ok(pin_of(w->ca.cert, &found));
    assert_fails(join_world_join(w), ERR_UNTRUSTED, pin_format(&found, text));
    assert_int_equal(join_world_tokens_seen(w), 0);
}

/* The stranger shows the pinned CA, which is public, but has no certificate of it. */
static void test_join_where_the_pinned_ca_is_only_shown_shows_no_token(void **state)
{
    struct join_world *w = *state;
    struct host_ca own;
    host_ca_init(&own, FIXTURE_CLUSTER);
    join_world_pin(w, &w->ca);
    w->server_ca = &own;
    join_world_begin(w, PATH_AUTH);
    assert_fails(join_world_join(w), ERR_UNTRUSTED, "");
    assert_int_equal(join_world_tokens_seen(w), 0);
    fake_cluster_stop(TAKE(w->fc));
    host_ca_release(&own);
}

static struct mono now_mono(const struct clock *c)
{
    (void)c;
    return clock_mono(clock_system());
}

static struct wall after_everything(const struct clock *c)
{
    (void)c;
    return wall_of_unix(FIXTURE_NOT_AFTER + 1);
}

static void test_join_with_the_pin_of_a_ca_past_its_end_shows_no_token(void **state)
{
    static const struct clock late = {.mono = now_mono, .wall = after_everything};
    struct join_world *w = *state;
    w->clock = &late;
    begin(w, "17.0.0");
    assert_fails(join_world_join(w), ERR_EXPIRED, "the cluster's CA");
    assert_int_equal(join_world_tokens_seen(w), 0);
}

static void test_join_with_a_pin_of_odd_form_dials_nobody(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_AUTH);
    assert_ok(strlist_add(&w->pins, "md5:1234"));
    assert_fails(join_world_join(w), ERR_CONFIG, "md5:1234");
    assert_int_equal(fake_cluster_connections(w->fc), 0);
}

static void test_join_with_a_ca_file_verifies_with_it(void **state)
{
    struct join_world *w = *state;
    w->config.ca_path = join_world_ca_file(w, &w->ca);
    join_world_begin(w, PATH_AUTH);
    assert_ok(join_world_join(w));
    assert_false(w->report.is_unverified);
}

static void test_join_with_the_ca_file_of_another_cluster_shows_no_token(void **state)
{
    struct join_world *w = *state;
    w->config.ca_path = join_world_ca_file(w, &w->foreign);
    join_world_begin(w, PATH_AUTH);
    assert_fails(join_world_join(w), ERR_UNTRUSTED, "");
    assert_int_equal(join_world_tokens_seen(w), 0);
}

static void test_join_without_the_ca_file_is_refused_unless_insecure(void **state)
{
    struct join_world *w = *state;
    w->config.ca_path = temp_dir_join(&w->dir, "missing.pem");
    join_world_begin(w, PATH_AUTH);
    assert_fails(join_world_join(w), ERR_CONFIG, "missing.pem");
    assert_int_equal(fake_cluster_connections(w->fc), 0);
    w->config.insecure = true;
    assert_ok(join_world_join(w));
    assert_true(w->report.is_unverified);
}

static void test_join_without_anything_to_trust_says_that_it_was_unverified(void **state)
{
    struct join_world *w = *state;
    join_world_begin(w, PATH_AUTH);
    assert_ok(join_world_join(w));
    assert_true(w->report.is_unverified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOIN_TEST(test_join_at_version_18_uses_the_stream),
        JOIN_TEST(test_join_at_versions_16_and_17_registers),
        JOIN_TEST(test_join_at_version_15_uses_http),
        JOIN_TEST(test_join_where_a_form_is_unknown_uses_the_next),
        JOIN_TEST(test_join_where_ping_is_closed_tries_the_newest_first),
        JOIN_TEST(test_join_where_ping_is_unknown_goes_down_to_http),
        JOIN_TEST(test_join_where_nothing_is_known_asks_whether_it_is_a_proxy),
        JOIN_TEST(test_join_when_the_reply_to_registering_is_lost_is_not_repeated),
        JOIN_TEST(test_join_when_the_reply_of_http_is_lost_is_not_repeated),
        JOIN_TEST(test_join_when_denied_is_not_repeated_and_says_what_to_do),
        JOIN_TEST(test_join_with_the_pins_of_both_cas_succeeds),
        JOIN_TEST(test_join_with_the_pin_of_one_ca_of_two_shows_no_token),
        JOIN_TEST(test_join_with_another_pin_names_what_was_found),
        JOIN_TEST(test_join_where_the_pinned_ca_is_only_shown_shows_no_token),
        JOIN_TEST(test_join_with_the_pin_of_a_ca_past_its_end_shows_no_token),
        JOIN_TEST(test_join_with_a_pin_of_odd_form_dials_nobody),
        JOIN_TEST(test_join_with_a_ca_file_verifies_with_it),
        JOIN_TEST(test_join_with_the_ca_file_of_another_cluster_shows_no_token),
        JOIN_TEST(test_join_without_the_ca_file_is_refused_unless_insecure),
        JOIN_TEST(test_join_without_anything_to_trust_says_that_it_was_unverified),
    };
    return fake_cluster_run_tests("transport/join_auth", tests);
}
