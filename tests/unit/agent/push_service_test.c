/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push_service.h"

#include "diag/core/metrics_text.h"
#include "push_sink.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/test_log.h"

#include <signal.h>
#include <stdio.h>

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct metric_family figure = {"tbot_figure", METRIC_GAUGE, "A figure."};

struct world {
    struct fake_clock time;
    struct fake_entropy dice;
    struct loop *loop;
    struct pool *lane;
    struct cancel *stop, *force;
    unsigned told; /* that the last time has ended */
    struct metrics *metrics;
    struct push_sink *sink;
    struct push_service *service;
    struct test_log log;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    fake_entropy_init(&w->dice, 7);
    test_log_open(&w->log, &w->time.clock);
    assert_ok(loop_new(&w->time.clock, &w->loop));
    assert_ok(cancel_new(&w->stop));
    assert_ok(cancel_new(&w->force));
    assert_ok(pool_new(w->loop, 1, &w->lane));
    assert_ok(metrics_new(&w->metrics));
    metrics_set(w->metrics, &figure, NULL, 42);
    w->sink = push_sink_start();
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cancel_fire(w->stop);
    cancel_fire(w->force);
    pool_stop(w->lane, NULL, dur_s(20));
    pool_free(w->lane);
    push_service_free(w->service);
    push_sink_stop(w->sink);
    metrics_free(w->metrics);
    cancel_free(w->stop);
    cancel_free(w->force);
    loop_free(w->loop);
    test_log_close(&w->log);
    free(w);
    return 0;
}

static void changed(void *arg)
{
    struct world *w = arg;
    w->told++;
}

static void begin(struct world *w, enum push_kind kind)
{
    char text[100];
    struct push_service_config config = {.loop = w->loop,
                                         .lane = w->lane,
                                         .clock = &w->time.clock,
                                         .entropy = &w->dice.entropy,
                                         .log = w->log.log,
                                         .stop = w->stop,
                                         .force = w->force,
                                         .changed = changed,
                                         .arg = w,
                                         .metrics = w->metrics,
                                         .prefix = "site",
                                         .interval = dur_s(30)};
    snprintf(text, sizeof(text), "%s127.0.0.1:%u", kind == PUSH_URL ? "http://" : "",
             push_sink_port(w->sink));
    assert_ok(kind == PUSH_URL ? push_target_url(text, &config.target)
                               : push_target_graphite(text, &config.target));
    assert_ok(push_service_new(&config, &w->service));
}

static double counted(struct world *w, const char *labels)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    char start[200];
    assert_ok(metrics_write(w->metrics, METRICS_PROMETHEUS, &text));
    snprintf(start, sizeof(start), "\ntbot_metrics_pushes_total{%s} ", labels);
    const char *at = strstr(buf_str(&text), start);
    if (!at)
        fail_msg("no '%s'", start);
    return strtod(at + strlen(start), NULL);
}

/* Lets calendar time pass, then waits for the push that is due until it is counted. */
static void pass_until_counted(struct world *w, struct dur d, const char *labels)
{
    double before = counted(w, labels);
    fake_clock_advance(&w->time, d);
    while (counted(w, labels) == before)
        assert_ok(loop_turn(w->loop));
}

#define GRAPHITE_OK "target=\"graphite\",result=\"ok\""
#define GRAPHITE_FAILED "target=\"graphite\",result=\"failed\""

static void test_push_comes_within_and_then_every_interval(void **state)
{
    struct world *w = *state;
    begin(w, PUSH_GRAPHITE);
    assert_true(counted(w, GRAPHITE_OK) == 0);
    pass_until_counted(w, dur_s(30), GRAPHITE_OK);
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_non_null(strstr(got, "site.tbot_figure 42 1767323075\n"));
    assert_non_null(strstr(got, "site.tbot_metrics_pushes_total.graphite.ok 0 1767323075\n"));
    fake_clock_advance(&w->time, dur_s(29));
    for (int i = 0; i < 5; i++)
        assert_ok(loop_turn(w->loop));
    assert_int_equal(push_sink_count(w->sink), 1);
    pass_until_counted(w, dur_s(1), GRAPHITE_OK);
    CLEANUP(freep) char *second = push_sink_received(w->sink, 2);
    assert_non_null(strstr(second, "site.tbot_metrics_pushes_total.graphite.ok 1 1767323105\n"));
    assert_int_equal(test_log_count(&w->log, "metrics"), 0); /* nothing to say */
}

static void test_url_gets_the_json_list(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_ANSWERS, OK_REPLY);
    begin(w, PUSH_URL);
    pass_until_counted(w, dur_s(30), "target=\"url\",result=\"ok\"");
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_non_null(
        strstr(got, "{\"timestamp\":1767323075,\"metric\":\"site.tbot_figure\",\"value\":42,"));
}

static void test_failures_back_off_and_are_told_once(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_RESETS, NULL);
    begin(w, PUSH_GRAPHITE);
    pass_until_counted(w, dur_s(30), GRAPHITE_FAILED);
    pass_until_counted(w, dur_s(33), GRAPHITE_FAILED);
    fake_clock_advance(&w->time, dur_s(50)); /* of at least 54 */
    for (int i = 0; i < 5; i++)
        assert_ok(loop_turn(w->loop));
    assert_true(counted(w, GRAPHITE_FAILED) == 2);
    pass_until_counted(w, dur_s(16), GRAPHITE_FAILED);
    assert_int_equal(test_log_count(&w->log, "metrics were not taken"), 1);
    assert_int_equal(test_log_count(&w->log, "WARN"), 1);
    push_sink_behave(w->sink, PUSH_SINK_TAKES, NULL);
    pass_until_counted(w, dur_s(132), GRAPHITE_OK);
    assert_int_equal(test_log_count(&w->log, "metrics are taken again"), 1);
    assert_true(counted(w, GRAPHITE_FAILED) == 3);
}

/* Time stands still, so the worker waits for ever; the loop, and with it every service, does not. */
static void test_target_that_hangs_holds_up_nobody_and_a_stop_ends_it(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_HANGS, NULL);
    begin(w, PUSH_URL);
    fake_clock_advance(&w->time, dur_s(30));
    while (pool_is_idle(w->lane))
        assert_ok(loop_turn(w->loop));
    for (int i = 0; i < 1000; i++)
        assert_ok(loop_turn(w->loop));
    push_service_stop(w->service);
    assert_false(push_service_is_busy(w->service));
    cancel_fire(w->stop);
    while (!pool_is_idle(w->lane))
        assert_ok(loop_turn(w->loop));
    for (int i = 0; i < 5; i++)
        assert_ok(loop_turn(w->loop));
    assert_true(counted(w, "target=\"url\",result=\"failed\"") == 0);
}

/* As the agent does: it cancels what is under way right after. */
static void stop(struct world *w)
{
    push_service_stop(w->service);
    cancel_fire(w->stop);
}

static void test_stop_sends_how_it_stood_a_last_time(void **state)
{
    struct world *w = *state;
    begin(w, PUSH_GRAPHITE);
    metrics_set(w->metrics, &figure, NULL, 43);
    stop(w);
    assert_true(push_service_is_busy(w->service));
    while (w->told == 0)
        assert_ok(loop_turn(w->loop));
    assert_false(push_service_is_busy(w->service));
    CLEANUP(freep) char *got = push_sink_received(w->sink, 1);
    assert_non_null(strstr(got, "site.tbot_figure 43 "));
    push_service_stop(w->service);
    assert_false(push_service_is_busy(w->service));
}

static void test_stop_sends_nothing_to_who_did_not_take_the_time_before(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_RESETS, NULL);
    begin(w, PUSH_GRAPHITE);
    pass_until_counted(w, dur_s(30), GRAPHITE_FAILED);
    stop(w);
    assert_false(push_service_is_busy(w->service));
}

static void test_last_time_that_hangs_can_be_ended(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->sink, PUSH_SINK_HANGS, NULL);
    begin(w, PUSH_URL);
    stop(w);
    assert_true(push_service_is_busy(w->service));
    cancel_fire(w->force);
    while (w->told == 0)
        assert_ok(loop_turn(w->loop));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_push_comes_within_and_then_every_interval),
        TEST(test_url_gets_the_json_list),
        TEST(test_failures_back_off_and_are_told_once),
        TEST(test_target_that_hangs_holds_up_nobody_and_a_stop_ends_it),
        TEST(test_stop_sends_how_it_stood_a_last_time),
        TEST(test_stop_sends_nothing_to_who_did_not_take_the_time_before),
        TEST(test_last_time_that_hangs_can_be_ended),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
