/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/walk_world.h"

static void test_every_step_is_told_once_and_in_order(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->ca);
    w->date = "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n";
    walk_world_begin(w, PATH_AUTH);
    assert_true(walk_world_walk(w));
    walk_world_expect_all_ok(w);
    assert_int_equal(w->len, WALK_STEP_COUNT);
    for (size_t i = 0; i < w->len; i++)
        assert_int_equal(w->events[i].step, i);
    walk_world_expect(w, WALK_RESOLVE, WALK_OK, "is an address");
    walk_world_expect(w, WALK_TLS, WALK_OK, "TLSv1.3, protocol 'h2'");
    walk_world_expect(w, WALK_CERTIFICATE, WALK_OK,
                      "the stored identity, valid until 2096-10-02T07:06:40Z");
    walk_world_expect(w, WALK_UPGRADE, WALK_OK, "not needed");
    assert_int_equal(wall_to_unix(walk_world_expect(w, WALK_CLOCK, WALK_OK, "")->shown),
                     1767323045);
    walk_world_expect(w, WALK_ROUTE, WALK_OK, "direct");
    walk_world_expect(w, WALK_PING, WALK_OK,
                      "Teleport 17.4.2, cluster 'example', knows bot 'test'");
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-test");
}

static void test_name_that_does_not_exist_ends_there(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    snprintf(w->config.address.host, sizeof(w->config.address.host), "nowhere.invalid");
    assert_false(walk_world_walk(w));
    const struct walk_seen *s = walk_world_expect(w, WALK_RESOLVE, WALK_FAILED, "nowhere.invalid");
    assert_int_equal(s->code, ERR_UNAVAILABLE);
    assert_non_null(strstr(s->hint, "host name"));
    walk_world_expect_rest_not_tried(w, WALK_RESOLVE);
}

static void test_refused_port_ends_there(void **state)
{
    struct walk_world *w = *state;
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    fake_cluster_stop(TAKE(w->fc));
    assert_false(walk_world_walk(w));
    const struct walk_seen *s = walk_world_expect(w, WALK_TCP, WALK_FAILED, "Connection refused");
    assert_non_null(strstr(s->hint, "Nothing listens there"));
    walk_world_expect(w, WALK_RESOLVE, WALK_OK, "");
    walk_world_expect_rest_not_tried(w, WALK_TCP);
}

static void test_server_that_never_answers_ends_at_the_limit(void **state)
{
    struct walk_world *w = *state;
    w->config.limit = dur_ms(100);
    const struct walk_seen *s = walk_world_expect_end(w, FAKE_SILENT, WALK_TLS, "timed out");
    assert_int_equal(s->code, ERR_TIMEOUT);
    assert_non_null(strstr(s->hint, "does not answer"));
}

static void test_other_protocols_are_not_tls(void **state)
{
    struct walk_world *w = *state;
    const struct walk_seen *s =
        walk_world_expect_end(w, FAKE_GARBAGE, WALK_TLS, "does not speak TLS");
    assert_non_null(strstr(s->hint, "port"));
}

static void test_wrong_alpn_is_told_apart(void **state)
{
    struct walk_world *w = *state;
    static const char *const web[] = {"http/1.1", NULL};
    w->server.alpn = web;
    const struct walk_seen *s =
        walk_world_expect_end(w, FAKE_CLUSTER, WALK_TLS, "no application protocol");
    assert_int_equal(s->code, ERR_PROTOCOL);
    assert_non_null(strstr(s->hint, "ALPN"));
}

static void test_server_that_shakes_hands_only_fails_the_ping(void **state)
{
    struct walk_world *w = *state;
    w->config.limit = dur_ms(200);
    const struct walk_seen *s = walk_world_expect_end(w, FAKE_TLS_SILENT, WALK_PING, "timed out");
    assert_non_null(strstr(s->hint, "takes connections"));
    walk_world_expect(w, WALK_CLOCK, WALK_NOT_TRIED, "not measurable");
}

static void test_refusals_of_the_cluster_fail_the_ping(void **state)
{
    struct walk_world *w = *state;
    static const struct {
        int status;
        const char *text, *hint;
        enum err_code code;
    } cases[] = {
        {7, "lock targeting User:bot-test is in force", "tctl get locks", ERR_LOCKED},
        {7, "access denied", "new token", ERR_DENIED},
        {12, "unknown", "Teleport cluster", ERR_UNIMPLEMENTED},
    };
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        w->refusal = cases[i].text;
        w->status = cases[i].status;
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_false(walk_world_walk(w));
        const struct walk_seen *s = walk_world_expect(w, WALK_PING, WALK_FAILED, cases[i].text);
        assert_int_equal(s->code, cases[i].code);
        assert_non_null(strstr(s->hint, cases[i].hint));
    }
}

static void test_versions_we_do_not_know_warn(void **state)
{
    struct walk_world *w = *state;
    static const char *const versions[] = {"14.3.1", "19.0.0-alpha"};
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    for (size_t i = 0; i < 2; i++) {
        w->version = versions[i];
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_true(walk_world_walk(w));
        walk_world_expect(w, WALK_PING, WALK_WARNING, versions[i]);
    }
}

static void test_clock_is_what_the_server_shows(void **state)
{
    struct walk_world *w = *state;
    static const struct {
        const char *date;
        int64_t shown;
    } cases[] = {
        {"Date: Fri, 02 Jan 2026 06:04:05 GMT\r\n", 1767333845}, {"Date: never\r\n", 0}, {"", 0}};
    walk_world_give_identity(w, &w->ca);
    walk_world_begin(w, PATH_AUTH);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        w->date = cases[i].date;
        fake_cluster_sync(w->fc);
        w->len = 0;
        assert_true(walk_world_walk(w));
        const struct walk_seen *s = walk_world_expect(w, WALK_CLOCK, WALK_OK, "");
        assert_int_equal(wall_to_unix(s->shown), cases[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WALK_TEST(test_every_step_is_told_once_and_in_order),
        WALK_TEST(test_name_that_does_not_exist_ends_there),
        WALK_TEST(test_refused_port_ends_there),
        WALK_TEST(test_server_that_never_answers_ends_at_the_limit),
        WALK_TEST(test_other_protocols_are_not_tls),
        WALK_TEST(test_wrong_alpn_is_told_apart),
        WALK_TEST(test_server_that_shakes_hands_only_fails_the_ping),
        WALK_TEST(test_refusals_of_the_cluster_fail_the_ping),
        WALK_TEST(test_versions_we_do_not_know_warn),
        WALK_TEST(test_clock_is_what_the_server_shows),
    };
    return fake_cluster_run_tests("transport/walk", tests);
}
