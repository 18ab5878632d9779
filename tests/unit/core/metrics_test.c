/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_text.h"

#include "tests/support/assert_err.h"

#include <stdio.h>

static const struct metric_family requests = {
    "tbot_requests_total", METRIC_COUNTER, "Requests by outcome.", .labels = {"service", "result"}};
static const struct metric_family expiry = {"tbot_expiry_timestamp_seconds", METRIC_GAUGE,
                                            "When it \\ ends.", .labels = {"service"}};
static const struct metric_family old = {"tbot_old", METRIC_UNTYPED, "An old name."};
static const double bounds[] = {0.1, 1, 2.5};
static const struct metric_family duration = {"tbot_duration_seconds", METRIC_HISTOGRAM,
                                              "How long it took.", .buckets = bounds,
                                              .n_buckets = 3};

#define LABELS(...) ((const char *const[]){__VA_ARGS__})

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

static void assert_written(struct metrics *m, enum metrics_format format, const char *wanted)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    assert_ok(metrics_write(m, format, &b));
    assert_string_equal(buf_str(&b), wanted);
}

static void test_counter_adds_up_by_labels(void **state)
{
    metrics_add(*state, &requests, LABELS("identity", "ok"), 1);
    metrics_add(*state, &requests, LABELS("identity", "failed"), 1);
    metrics_add(*state, &requests, LABELS("identity", "ok"), 2);
    assert_written(*state, METRICS_PROMETHEUS,
                   "# HELP tbot_requests_total Requests by outcome.\n"
                   "# TYPE tbot_requests_total counter\n"
                   "tbot_requests_total{service=\"identity\",result=\"ok\"} 3\n"
                   "tbot_requests_total{service=\"identity\",result=\"failed\"} 1\n");
}

static void test_openmetrics_names_counter_family_without_total(void **state)
{
    metrics_add(*state, &requests, LABELS("a", "ok"), 1);
    metrics_set(*state, &old, NULL, 0.25);
    assert_written(*state, METRICS_OPENMETRICS,
                   "# HELP tbot_requests Requests by outcome.\n"
                   "# TYPE tbot_requests counter\n"
                   "tbot_requests_total{service=\"a\",result=\"ok\"} 1\n"
                   "# HELP tbot_old An old name.\n"
                   "# TYPE tbot_old unknown\n"
                   "tbot_old 0.25\n"
                   "# EOF\n");
}

static void test_histogram_buckets_are_cumulative(void **state)
{
    const double values[] = {0.1, 0.5, 2.5, 7};
    for (size_t i = 0; i < 4; i++)
        metrics_observe(*state, &duration, NULL, values[i]);
    assert_written(*state, METRICS_OPENMETRICS,
                   "# HELP tbot_duration_seconds How long it took.\n"
                   "# TYPE tbot_duration_seconds histogram\n"
                   "tbot_duration_seconds_bucket{le=\"0.1\"} 1\n"
                   "tbot_duration_seconds_bucket{le=\"1.0\"} 2\n"
                   "tbot_duration_seconds_bucket{le=\"2.5\"} 3\n"
                   "tbot_duration_seconds_bucket{le=\"+Inf\"} 4\n"
                   "tbot_duration_seconds_sum 10.1\n"
                   "tbot_duration_seconds_count 4\n"
                   "# EOF\n");
}

static void test_label_values_and_help_are_escaped(void **state)
{
    metrics_set(*state, &expiry, LABELS("a\"b\\c\nd"), 1800000000.5);
    assert_written(*state, METRICS_PROMETHEUS,
                   "# HELP tbot_expiry_timestamp_seconds When it \\\\ ends.\n"
                   "# TYPE tbot_expiry_timestamp_seconds gauge\n"
                   "tbot_expiry_timestamp_seconds{service=\"a\\\"b\\\\c\\nd\"} 1800000000.5\n");
}

static void test_declared_family_is_shown_without_series(void **state)
{
    metrics_declare(*state, &old);
    assert_written(*state, METRICS_PROMETHEUS,
                   "# HELP tbot_old An old name.\n# TYPE tbot_old untyped\n");
}

static void count_series(void *arg, const struct metric_view *v)
{
    size_t *n = arg;
    (void)v;
    ++*n;
}

static void ignore_family(void *arg, const struct metric_family *f, size_t n)
{
    (void)arg, (void)f, (void)n;
}

static void test_too_many_series_share_other(void **state)
{
    for (int i = 0; i < 3 * METRICS_SERIES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%d", i);
        metrics_set(*state, &expiry, LABELS(name), i);
    }
    size_t n = 0;
    metrics_walk(*state, ignore_family, count_series, &n);
    assert_int_equal(n, METRICS_SERIES_MAX);
}

static void collect(void *arg, struct metrics *m)
{
    int *calls = arg;
    metrics_clear(m, &expiry);
    metrics_set(m, &expiry, LABELS("now"), ++*calls);
}

static void test_collector_sets_what_is_there_now(void **state)
{
    int calls = 0;
    metrics_set(*state, &expiry, LABELS("gone"), 1);
    metrics_on_collect(*state, collect, &calls);
    assert_written(*state, METRICS_PROMETHEUS,
                   "# HELP tbot_expiry_timestamp_seconds When it \\\\ ends.\n"
                   "# TYPE tbot_expiry_timestamp_seconds gauge\n"
                   "tbot_expiry_timestamp_seconds{service=\"now\"} 1\n");
    assert_int_equal(calls, 1);
}

static void test_series_of_what_is_gone_are_forgotten(void **state)
{
    for (int round = 0; round < 2; round++) {
        metrics_add(*state, &requests, LABELS("gone", "ok"), 1);
        metrics_add(*state, &requests, LABELS("stays", "gone"), 2);
        metrics_add(*state, &requests, LABELS("gone", "failed"), 3);
        metrics_set(*state, &old, NULL, 4);
        metrics_forget(*state, "service", "gone");
    }
    assert_written(*state, METRICS_PROMETHEUS,
                   "# HELP tbot_requests_total Requests by outcome.\n"
                   "# TYPE tbot_requests_total counter\n"
                   "tbot_requests_total{service=\"stays\",result=\"gone\"} 4\n"
                   "# HELP tbot_old An old name.\n"
                   "# TYPE tbot_old untyped\n"
                   "tbot_old 4\n");
}

static void test_absent_registry_takes_everything(void **state)
{
    (void)state;
    metrics_add(NULL, &requests, LABELS("a", "b"), 1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counter_adds_up_by_labels),
        TEST(test_openmetrics_names_counter_family_without_total),
        TEST(test_histogram_buckets_are_cumulative),
        TEST(test_label_values_and_help_are_escaped),
        TEST(test_declared_family_is_shown_without_series),
        TEST(test_too_many_series_share_other),
        TEST(test_collector_sets_what_is_there_now),
        TEST(test_series_of_what_is_gone_are_forgotten),
        cmocka_unit_test(test_absent_registry_takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
