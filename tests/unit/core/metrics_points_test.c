/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_graphite.h"
#include "diag/core/metrics_json.h"

#include "tests/support/assert_err.h"

#include <math.h>

static const struct metric_family renewals = {"tbot_renewals_total", METRIC_COUNTER, "Renewals.",
                                              .labels = {"service", "result"}};
static const struct metric_family state_of = {"process_state", METRIC_GAUGE, "State."};
static const double bounds[] = {1, 2, 4};
static const struct metric_family duration = {
    "tbot_duration_seconds", METRIC_HISTOGRAM,  "Time.",
    .labels = {"method"},    .buckets = bounds, .n_buckets = 3};
static const double whole[] = {0, 1, 2};
static const struct metric_family retries = {"tbot_retries", METRIC_HISTOGRAM, "Retries.",
                                             .buckets = whole, .n_buckets = 3};

#define LABELS(...) ((const char *const[]){__VA_ARGS__})
#define NOW wall_of_unix(1767323045)

static int setup(void **state)
{
    struct metrics *m = NULL;
    assert_ok(metrics_new(&m));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    metrics_free(*state);
    return 0;
}

static void assert_lines(struct metrics *m, const char *prefix, const char *wanted)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    assert_ok(metrics_graphite_write(m, prefix, NOW, &b));
    assert_string_equal(buf_str(&b), wanted);
}

static void assert_json(struct metrics *m, const char *prefix, const char *host, const char *wanted)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    const struct metrics_origin origin = {prefix, host, NOW};
    assert_ok(metrics_json_write(m, &origin, &b));
    assert_string_equal(buf_str(&b), wanted);
}

static void test_graphite_name_has_prefix_and_label_values(void **state)
{
    metrics_set(*state, &state_of, NULL, 2);
    metrics_add(*state, &renewals, LABELS("identity", "ok"), 3);
    assert_lines(*state, "site.web1",
                 "site.web1.process_state 2 1767323045\n"
                 "site.web1.tbot_renewals_total.identity.ok 3 1767323045\n");
    assert_lines(*state, "",
                 "process_state 2 1767323045\n"
                 "tbot_renewals_total.identity.ok 3 1767323045\n");
}

/* A blank or a newline would make two fields or two lines of it, a dot another level. */
static void test_label_value_cannot_break_a_line_or_a_level(void **state)
{
    metrics_add(*state, &renewals, LABELS("a.b c/d\nevil 1 2", ""), 1);
    assert_lines(*state, "p", "p.tbot_renewals_total.a_b_c_d_evil_1_2._ 1 1767323045\n");
}

static void test_label_value_far_too_long_is_cut(void **state)
{
    char name[1000];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    metrics_add(*state, &renewals, LABELS(name, name), 1);
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    assert_ok(metrics_graphite_write(*state, name, NOW, &b));
    assert_int_equal(b.len, 128 + 1 + strlen("tbot_renewals_total") + 2 * (1 + 128) +
                                strlen(" 1 1767323045\n"));
}

static void test_histogram_becomes_count_sum_mean_and_percentiles(void **state)
{
    for (int i = 0; i < 100; i++)
        metrics_observe(*state, &duration, LABELS("Ping"), i % 2 ? 0.5 : 3);
    assert_lines(*state, "p",
                 "p.tbot_duration_seconds.Ping.count 100 1767323045\n"
                 "p.tbot_duration_seconds.Ping.sum 175 1767323045\n"
                 "p.tbot_duration_seconds.Ping.mean 1.75 1767323045\n"
                 "p.tbot_duration_seconds.Ping.50-percentile 1 1767323045\n"
                 "p.tbot_duration_seconds.Ping.75-percentile 3 1767323045\n"
                 "p.tbot_duration_seconds.Ping.95-percentile 3.8 1767323045\n"
                 "p.tbot_duration_seconds.Ping.99-percentile 3.96 1767323045\n");
}

static void test_percentile_past_the_last_bound_is_that_bound(void **state)
{
    metrics_observe(*state, &duration, LABELS("Ping"), 100);
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    assert_ok(metrics_graphite_write(*state, "", NOW, &b));
    assert_non_null(strstr(buf_str(&b), ".99-percentile 4 1767323045\n"));
}

static void test_percentile_of_zeros_is_zero(void **state)
{
    metrics_observe(*state, &retries, NULL, 0);
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    assert_ok(metrics_graphite_write(*state, "", NOW, &b));
    assert_non_null(strstr(buf_str(&b), ".50-percentile 0 1767323045\n"));
}

static void test_what_is_no_number_is_left_out(void **state)
{
    metrics_set(*state, &state_of, NULL, NAN);
    metrics_add(*state, &renewals, LABELS("a", "b"), INFINITY);
    assert_lines(*state, "", "");
    assert_json(*state, "", "", "[\n]\n");
}

static void test_json_has_ghostunnels_fields_and_labels_whole(void **state)
{
    metrics_set(*state, &state_of, NULL, 0.25);
    metrics_add(*state, &renewals, LABELS("ssh host/\"x\"", "ok"), 7);
    assert_json(*state, "tbot", "web1",
                "[\n"
                "{\"timestamp\":1767323045,\"metric\":\"tbot.process_state\",\"value\":0.25,"
                "\"hostname\":\"web1\"},\n"
                "{\"timestamp\":1767323045,\"metric\":\"tbot.tbot_renewals_total.ssh_host__x_.ok\","
                "\"value\":7,\"hostname\":\"web1\","
                "\"labels\":{\"service\":\"ssh host/\\\"x\\\"\",\"result\":\"ok\"}}\n"
                "]\n");
}

static void test_json_of_text_that_is_not_utf8_is_json(void **state)
{
    metrics_add(*state, &renewals, LABELS("\xff", "ok"), 1);
    assert_json(*state, "", "\xfe",
                "[\n"
                "{\"timestamp\":1767323045,\"metric\":\"tbot_renewals_total._.ok\",\"value\":1,"
                "\"hostname\":\"(not UTF-8)\","
                "\"labels\":{\"service\":\"(not UTF-8)\",\"result\":\"ok\"}}\n"
                "]\n");
}

static void test_more_than_there_is_room_for_is_an_error(void **state)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(40);
    const struct metrics_origin origin = {"", "", NOW};
    metrics_add(*state, &renewals, LABELS("identity", "ok"), 1);
    assert_fails(metrics_json_write(*state, &origin, &b), ERR_REJECTED, "too large");
    buf_clear(&b);
    assert_fails(metrics_graphite_write(*state, "", NOW, &b), ERR_REJECTED, "too large");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_graphite_name_has_prefix_and_label_values),
        TEST(test_label_value_cannot_break_a_line_or_a_level),
        TEST(test_label_value_far_too_long_is_cut),
        TEST(test_histogram_becomes_count_sum_mean_and_percentiles),
        TEST(test_percentile_past_the_last_bound_is_that_bound),
        TEST(test_percentile_of_zeros_is_zero),
        TEST(test_what_is_no_number_is_left_out),
        TEST(test_json_has_ghostunnels_fields_and_labels_whole),
        TEST(test_json_of_text_that_is_not_utf8_is_json),
        TEST(test_more_than_there_is_room_for_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
