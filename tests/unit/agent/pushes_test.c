/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pushes.h"

#include "push_sink.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"

#include <poll.h>
#include <stdio.h>

struct world {
    struct fake_clock time;
    struct fake_entropy dice;
    struct loop *loop;
    struct cancel *stop;
    struct metrics *metrics;
    struct config *config;
    struct pushes *pushes;
    struct push_sink *graphite, *url;
    unsigned told; /* of ends after the stop */
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    fake_entropy_init(&w->dice, 7);
    assert_ok(loop_new(&w->time.clock, &w->loop));
    assert_ok(cancel_new(&w->stop));
    assert_ok(metrics_new(&w->metrics));
    w->graphite = push_sink_start();
    w->url = push_sink_start();
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cancel_fire(w->stop);
    assert_int_equal(pushes_end(w->pushes, dur_s(20)), 0);
    pushes_free(w->pushes);
    push_sink_stop(w->graphite);
    push_sink_stop(w->url);
    config_free(w->config);
    metrics_free(w->metrics);
    cancel_free(w->stop);
    loop_free(w->loop);
    free(w);
    return 0;
}

static void changed(void *arg)
{
    struct world *w = arg;
    w->told++;
}

/* The configuration names both sinks. */
static void begin(struct world *w, const char *more)
{
    char text[500];
    snprintf(text, sizeof(text),
             "version: v2\n%smetrics:\n  graphite: 127.0.0.1:%u\n  url: http://127.0.0.1:%u/in\n"
             "  interval: 5s\n  prefix: a.b\n",
             more, push_sink_port(w->graphite), push_sink_port(w->url));
    assert_ok(config_parse("t", bytes_of_str(text), &w->config));
    const struct pushes_config config = {.changed = changed,
                                         .arg = w,
                                         .config = w->config,
                                         .loop = w->loop,
                                         .clock = &w->time.clock,
                                         .entropy = &w->dice.entropy,
                                         .stop = w->stop,
                                         .metrics = w->metrics};
    assert_ok(pushes_new(&config, &w->pushes));
}

static void test_each_target_has_its_own_push(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->url, PUSH_SINK_HANGS, NULL); /* which the other does not notice */
    begin(w, "");
    for (unsigned n = 1; n <= 3; n++) {
        fake_clock_advance(&w->time, dur_s(5));
        while (push_sink_count(w->graphite) < n)
            assert_ok(loop_turn(w->loop));
    }
    CLEANUP(freep) char *lines = push_sink_received(w->graphite, 3);
    assert_non_null(strstr(lines, "a.b.tbot_metrics_pushes_total.graphite.ok "));
}

/* Everything falls due, and a worker that had something to send has the time to. */
static void assert_no_more_comes(struct world *w, unsigned than)
{
    fake_clock_advance(&w->time, dur_s(60));
    for (int i = 0; i < 50; i++) {
        assert_ok(loop_turn(w->loop));
        poll(NULL, 0, 1);
    }
    assert_int_equal(push_sink_count(w->graphite) + push_sink_count(w->url), than);
}

static void test_one_pass_sends_nothing(void **state)
{
    struct world *w = *state;
    begin(w, "oneshot: true\n");
    pushes_stop(w->pushes);
    assert_false(pushes_is_busy(w->pushes));
    assert_no_more_comes(w, 0);
}

static void test_stop_sends_to_each_a_last_time_and_nothing_any_more(void **state)
{
    struct world *w = *state;
    push_sink_behave(w->url, PUSH_SINK_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    begin(w, "");
    pushes_stop(w->pushes);
    while (pushes_is_busy(w->pushes))
        assert_ok(loop_turn(w->loop));
    assert_int_equal(w->told, 2);
    assert_no_more_comes(w, 2);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_target_has_its_own_push),
        TEST(test_one_pass_sends_nothing),
        TEST(test_stop_sends_to_each_a_last_time_and_nothing_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
