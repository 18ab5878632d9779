/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/routes.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <stdio.h>

struct fixture {
    struct health *h;
    struct diag_policy policy;
    struct diag_facts facts;
    struct diag_request r;
    struct diag_answer a;
};

static int setup(void **state)
{
    static struct fixture f;
    struct health_service *s = NULL;
    struct now now = {{dur_s(1000).ns}, wall_of_unix(1767323045)};
    f = (struct fixture){.a = DIAG_ANSWER_INIT};
    assert_ok(health_new(&f.h));
    assert_ok(health_add(f.h, "ssh/host key", HEALTH_SERVICE, now, &s));
    health_succeeded(s, "renew", now);
    f.facts = (struct diag_facts){
        .health = f.h, .now = now, .metrics_prefix = "tbot", .hostname = "web1"};
    f.r = (struct diag_request){.method = "GET",
                                .asker = {.origin = DIAG_FROM_LOOPBACK, .host = "localhost"}};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    diag_answer_release(&f->a);
    health_free(f->h);
    return 0;
}

static unsigned get(struct fixture *f, const char *path)
{
    diag_answer_release(&f->a);
    f->a = DIAG_ANSWER_INIT;
    f->r.path = path;
    assert_ok(diag_routes_answer(&f->policy, &f->r, &f->facts, &f->a));
    return f->a.code;
}

static void test_each_path_has_its_route(void **state)
{
    struct fixture *f = *state;
    assert_ok(metrics_new(&f->facts.metrics));
    static const struct {
        const char *path, *route;
        unsigned code;
    } cases[] = {
        {"/livez", "/livez", 200},
        {"/healthz", "/healthz", 200},
        {"/readyz", "/readyz", 200},
        {"/readyz/ssh/host key", "/readyz/{service}", 200},
        {"/readyz/ssh", "/readyz/{service}", 404},
        {"/servez", "/servez", 503},
        {"/servez/ssh/host key", "/servez/{service}", 503},
        {"/metrics", "/metrics", 200},
        {"/_metrics/prometheus", "/_metrics/prometheus", 200},
        {"/_metrics", "/_metrics", 200},
        {"/_metrics/json", "/_metrics/json", 200},
        {"/_metrics/", "other", 404},
        {"/wait", "/wait", 200},
        {"/wait/ssh/host key", "/wait/{service}", 200},
        {"/wait/ssh", "/wait/{service}", 404},
        {"/status", "/status", 200},
        {"/_status", "/_status", 503},
        {"/log-level", "/log-level", 501},
        {"/renew", "/renew", 401},
        {"/reload", "/reload", 401},
        {"/_shutdown", "other", 404},
        {"/wait/", "other", 404},
        {"/", "other", 404},
        {"/livez/", "other", 404},
        {"/readyz/", "other", 404},
        {"/readyzz", "other", 404},
        {"", "other", 404},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(get(f, cases[i].path), cases[i].code);
        assert_string_equal(f->a.route, cases[i].route);
    }
    metrics_free(f->facts.metrics);
}

static void test_metrics_follow_the_accept_header(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/metrics"), 404); /* none are kept */
    assert_ok(metrics_new(&f->facts.metrics));
    get(f, "/metrics");
    assert_non_null(strstr(f->a.content_type, "text/plain; version=0.0.4"));
    f->r.accept = "application/openmetrics-text";
    get(f, "/metrics");
    assert_non_null(strstr(f->a.content_type, "application/openmetrics-text; version=1.0.0"));
    assert_string_equal(buf_str(&f->a.body), "# EOF\n");
    metrics_free(f->facts.metrics);
}

static const struct metric_family figure = {"tbot_figure", METRIC_GAUGE, "A figure.",
                                            .labels = {"name"}};

static void test_metrics_as_json_carry_host_and_prefix(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/_metrics", "/_metrics/json"};
    assert_int_equal(get(f, "/_metrics"), 404); /* none are kept */
    assert_ok(metrics_new(&f->facts.metrics));
    metrics_set(f->facts.metrics, &figure, (const char *[]){"a"}, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(get(f, paths[i]), 200);
        assert_string_equal(f->a.content_type, "application/json");
        assert_string_equal(buf_str(&f->a.body),
                            "[\n{\"timestamp\":1767323045,\"metric\":\"tbot.tbot_figure.a\","
                            "\"value\":1,\"hostname\":\"web1\",\"labels\":{\"name\":\"a\"}}\n]\n");
    }
    f->r.format = "prometheus";
    get(f, "/_metrics");
    assert_non_null(strstr(f->a.content_type, "text/plain; version=0.0.4"));
    f->r.format = "xml";
    assert_int_equal(get(f, "/_metrics"), 400);
    metrics_free(f->facts.metrics);
}

static void test_long_metrics_are_packed_for_who_takes_that(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/metrics", "/_metrics/prometheus", "/_metrics",
                                        "/_metrics/json"};
    assert_ok(metrics_new(&f->facts.metrics));
    f->r.accept_encoding = "gzip";
    for (int i = 0; i < 100; i++) {
        if (i == 20) { /* it would be shorter, but it is one packet as it is */
            get(f, "/metrics");
            assert_null(f->a.encoding);
        }
        char name[16];
        snprintf(name, sizeof(name), "figure%d", i);
        metrics_set(f->facts.metrics, &figure, (const char *[]){name}, i);
    }
    for (size_t i = 0; i < 4; i++) {
        f->r.accept_encoding = "identity";
        get(f, paths[i]);
        assert_null(f->a.encoding);
        size_t plain = f->a.body.len;
        f->r.accept_encoding = "gzip";
        get(f, paths[i]);
        assert_string_equal(f->a.encoding, "gzip");
        assert_true(f->a.body.len * 4 < plain);
        assert_memory_equal(f->a.body.data, "\x1f\x8b", 2);
    }
    metrics_free(f->facts.metrics);
}

static void test_format_is_tbots_or_refused(void **state)
{
    struct fixture *f = *state;
    f->r.format = "tbot";
    assert_int_equal(get(f, "/readyz"), 200);
    assert_non_null(strstr(buf_str(&f->a.body), "\"status\": \"healthy\""));
    f->r.format = "xml";
    assert_int_equal(get(f, "/readyz"), 400);
}

static void test_other_methods_are_told_what_is_allowed(void **state)
{
    struct fixture *f = *state;
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "get", ""};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        f->r.method = methods[i];
        assert_int_equal(get(f, "/livez"), 405);
        assert_string_equal(f->a.allow, "GET, HEAD");
    }
    f->r.method = "POST";
    assert_int_equal(get(f, "/nothing"), 404);
    f->r.method = "HEAD";
    assert_int_equal(get(f, "/livez"), 200);
}

static void nothing(void *arg)
{
    (void)arg;
}

static const struct diag_control able = {.renew = nothing, .shut_down = nothing};

static unsigned ask(struct fixture *f, const char *method, const char *path)
{
    f->r.method = method;
    return get(f, path);
}

static void test_each_page_names_the_methods_it_has(void **state)
{
    struct fixture *f = *state;
    f->facts.control = &able;
    f->r.asker = (struct diag_asker){.origin = DIAG_FROM_SOCKET, .is_peer_allowed = true};
    static const struct {
        const char *path, *method, *allow;
    } cases[] = {
        {"/status", "POST", "GET, HEAD"},
        {"/wait", "PUT", "GET, HEAD"},
        {"/wait/ssh/host key", "POST", "GET, HEAD"},
        {"/log-level", "POST", "GET, HEAD, PUT"},
        {"/log-level", "DELETE", "GET, HEAD, PUT"},
        {"/renew", "GET", "POST"},
        {"/reload", "PUT", "POST"},
        {"/_shutdown", "GET", "POST"},
        {"/_shutdown", "HEAD", "POST"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ask(f, cases[i].method, cases[i].path), 405);
        assert_string_equal(f->a.allow, cases[i].allow);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    }
}

static void test_shutdown_is_there_only_where_the_agent_allows_it(void **state)
{
    struct fixture *f = *state;
    f->r.asker = (struct diag_asker){.origin = DIAG_FROM_SOCKET, .is_peer_allowed = true};
    assert_int_equal(ask(f, "POST", "/_shutdown"), 404);
    assert_int_equal(ask(f, "GET", "/_shutdown"), 404);
    f->facts.control = &able;
    assert_int_equal(ask(f, "POST", "/_shutdown"), 200);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_SHUT_DOWN);
}

static void test_changes_need_the_right_to_change(void **state)
{
    struct fixture *f = *state;
    f->facts.control = &able;
    static const struct {
        const char *method, *path;
    } cases[] = {
        {"POST", "/renew"}, {"POST", "/reload"}, {"POST", "/_shutdown"}, {"PUT", "/log-level"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->r.asker = (struct diag_asker){.origin = DIAG_FROM_LOOPBACK, .host = "localhost"};
        assert_int_equal(ask(f, cases[i].method, cases[i].path), 401);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
        f->r.asker.had_token = f->r.asker.is_token_valid = true;
        assert_int_equal(ask(f, cases[i].method, cases[i].path), 403);
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
        f->r.asker.may_change = true;
        assert_true(ask(f, cases[i].method, cases[i].path) != 403);
    }
}

static void test_status_and_level_need_the_right_to_details(void **state)
{
    struct fixture *f = *state;
    f->r.asker = (struct diag_asker){.origin = DIAG_FROM_NETWORK};
    assert_int_equal(get(f, "/status"), 401);
    assert_int_equal(get(f, "/log-level"), 401);
    assert_int_equal(get(f, "/wait"), 200);
    assert_int_equal(get(f, "/_status"), 503);
    f->policy.unsafe_plain = true;
    assert_int_equal(get(f, "/status"), 200);
}

static void test_body_and_query_of_a_level_arrive(void **state)
{
    struct fixture *f = *state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct log *log = log_new(fd, LOG_TEXT, LOG_INFO, clock_system());
    f->facts.log = log;
    f->r.asker = (struct diag_asker){.origin = DIAG_FROM_SOCKET, .is_peer_allowed = true};
    f->r.body = bytes_of_str("debug");
    f->r.what = "90s";
    assert_int_equal(ask(f, "PUT", "/log-level"), 200);
    assert_int_equal(f->a.deed.level, LOG_DEBUG);
    assert_int_equal(f->a.deed.lasting.ns, dur_s(90).ns);
    log_free(log);
    close(fd);
}

static void test_wait_holds_until_it_is_so_or_late(void **state)
{
    struct fixture *f = *state;
    f->facts.may_hold = true;
    f->r.what = "serving";
    f->r.since = f->facts.now.mono;
    f->r.timeout = "30s";
    get(f, "/wait");
    assert_true(f->a.is_held);
    assert_int_equal(f->a.ask_at.ns, mono_add(f->r.since, dur_s(30)).ns);
    f->facts.now.mono = mono_add(f->r.since, dur_s(30));
    assert_int_equal(get(f, "/wait"), 504);
    assert_false(f->a.is_held);
    assert_non_null(strstr(buf_str(&f->a.body), "\"serving\": false"));
    f->r.what = "ready";
    assert_int_equal(get(f, "/wait/ssh/host key"), 200);
    assert_non_null(strstr(buf_str(&f->a.body), "\"status\": \"healthy\""));
    f->r.what = "tea";
    assert_int_equal(get(f, "/wait"), 400);
    assert_non_null(strstr(buf_str(&f->a.body), "for 'tea'"));
}

static void test_wait_without_room_is_refused(void **state)
{
    struct fixture *f = *state;
    f->r.what = "serving";
    assert_int_equal(get(f, "/wait"), 429);
    assert_false(f->a.is_held);
}

static void test_wait_is_in_vain_when_the_agent_stops(void **state)
{
    struct fixture *f = *state;
    f->facts.may_hold = true;
    f->r.what = "ready";
    health_stop(f->h, f->facts.now);
    assert_int_equal(get(f, "/wait"), 503);
    f->r.what = NULL;
    assert_int_equal(get(f, "/wait"), 503); /* all have reported; as readyz */
    assert_non_null(strstr(buf_str(&f->a.body), "stopping"));
}

static void test_wait_can_speak_as_tbot_does(void **state)
{
    struct fixture *f = *state;
    f->r.format = "tbot";
    assert_int_equal(get(f, "/wait"), 200);
    assert_non_null(strstr(buf_str(&f->a.body), "\"status\": \"healthy\""));
    assert_null(strstr(buf_str(&f->a.body), "state_code"));
}

static void test_verdicts_have_their_codes_for_every_path(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/livez", "/metrics", "/nothing"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        f->r.asker = (struct diag_asker){.origin = DIAG_FROM_LOOPBACK, .host = "evil.example"};
        assert_int_equal(get(f, paths[i]), 421);
        f->r.asker = (struct diag_asker){.origin = DIAG_FROM_NETWORK, .had_token = true};
        assert_int_equal(get(f, paths[i]), 401);
        assert_true(f->a.asks_for_token);
        f->r.asker = (struct diag_asker){.origin = DIAG_FROM_SOCKET};
        assert_int_equal(get(f, paths[i]), 403);
    }
}

static void test_details_are_for_those_who_may(void **state)
{
    struct fixture *f = *state;
    get(f, "/readyz");
    assert_non_null(strstr(buf_str(&f->a.body), "ssh/host key"));
    f->r.asker.origin = DIAG_FROM_NETWORK;
    assert_int_equal(get(f, "/readyz"), 200);
    assert_null(strstr(buf_str(&f->a.body), "ssh/host key"));
    f->policy.unsafe_plain = true;
    get(f, "/readyz");
    assert_non_null(strstr(buf_str(&f->a.body), "ssh/host key"));
}

#define ROUTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROUTE_TEST(test_each_path_has_its_route),
        ROUTE_TEST(test_metrics_follow_the_accept_header),
        ROUTE_TEST(test_metrics_as_json_carry_host_and_prefix),
        ROUTE_TEST(test_long_metrics_are_packed_for_who_takes_that),
        ROUTE_TEST(test_format_is_tbots_or_refused),
        ROUTE_TEST(test_other_methods_are_told_what_is_allowed),
        ROUTE_TEST(test_each_page_names_the_methods_it_has),
        ROUTE_TEST(test_shutdown_is_there_only_where_the_agent_allows_it),
        ROUTE_TEST(test_changes_need_the_right_to_change),
        ROUTE_TEST(test_status_and_level_need_the_right_to_details),
        ROUTE_TEST(test_body_and_query_of_a_level_arrive),
        ROUTE_TEST(test_wait_holds_until_it_is_so_or_late),
        ROUTE_TEST(test_wait_without_room_is_refused),
        ROUTE_TEST(test_wait_is_in_vain_when_the_agent_stops),
        ROUTE_TEST(test_wait_can_speak_as_tbot_does),
        ROUTE_TEST(test_verdicts_have_their_codes_for_every_path),
        ROUTE_TEST(test_details_are_for_those_who_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
