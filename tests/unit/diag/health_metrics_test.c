/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/health_metrics.h"

#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

struct fixture {
    struct fake_clock time;
    struct health *health;
    struct health_service *ssh;
    struct metrics *m;
    struct health_metrics hm;
    struct buf text;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.text = BUF_INIT(1 << 20)};
    fake_clock_init(&f.time, "2026-01-02T03:04:05Z");
    assert_ok(health_new(&f.health));
    assert_ok(metrics_new(&f.m));
    f.hm = (struct health_metrics){f.health, &f.time.clock};
    health_metrics_watch(&f.hm, f.m);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    buf_release(&f->text);
    metrics_free(f->m);
    health_free(f->health);
    return 0;
}

static const char *look(struct fixture *f)
{
    buf_clear(&f->text);
    assert_ok(metrics_write(f->m, METRICS_PROMETHEUS, &f->text));
    return buf_str(&f->text);
}

static void add_ssh(struct fixture *f)
{
    assert_ok(health_add(f->health, "ssh", HEALTH_SERVICE, clock_now(&f->time.clock), &f->ssh));
}

static void fail_once(struct fixture *f)
{
    CLEANUP(err_freep) struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(f->ssh, "renew", e, clock_now(&f->time.clock));
}

static void test_families_are_known_before_any_service(void **state)
{
    const char *text = look(*state);
    assert_non_null(strstr(text, "\nprocess_state 3\n"));
    assert_non_null(strstr(text, "\ntbot_serving 0\n"));
    assert_non_null(strstr(text, "# TYPE tbot_service_state gauge\n"));
    assert_non_null(strstr(text, "# TYPE tbot_service_next_attempt_timestamp_seconds gauge\n"));
}

static void test_state_is_one_hot_and_times_are_absent_until_known(void **state)
{
    struct fixture *f = *state;
    add_ssh(f);
    const char *text = look(f);
    assert_non_null(strstr(text, "tbot_service_state{service=\"ssh\",state=\"starting\"} 1\n"));
    assert_non_null(strstr(text, "tbot_service_state{service=\"ssh\",state=\"ok\"} 0\n"));
    assert_non_null(strstr(text, "tbot_service_state{service=\"ssh\",state=\"recovering\"} 0\n"));
    assert_non_null(strstr(text, "tbot_service_state{service=\"ssh\",state=\"degraded\"} 0\n"));
    assert_non_null(strstr(text, "tbot_service_consecutive_failures{service=\"ssh\"} 0\n"));
    assert_null(strstr(text, "last_success_timestamp_seconds{"));
    assert_null(strstr(text, "next_attempt_timestamp_seconds{"));
}

static void test_failures_and_recovery_are_followed(void **state)
{
    struct fixture *f = *state;
    add_ssh(f);
    health_serves(f->ssh, wall_add(clock_wall(&f->time.clock), dur_s(3600)));
    fail_once(f);
    fail_once(f);
    health_plan(f->ssh, wall_of_unix(1767323105));
    const char *text = look(f);
    assert_non_null(strstr(text, "\nprocess_state 2\n"));
    assert_non_null(strstr(text, "\ntbot_serving 1\n"));
    assert_non_null(strstr(text, "{service=\"ssh\",state=\"degraded\"} 1\n"));
    assert_non_null(strstr(text, "tbot_service_consecutive_failures{service=\"ssh\"} 2\n"));
    assert_non_null(
        strstr(text, "tbot_service_next_attempt_timestamp_seconds{service=\"ssh\"} 1767323105\n"));
    health_succeeded(f->ssh, "renew", clock_now(&f->time.clock));
    text = look(f);
    assert_non_null(strstr(text, "\nprocess_state 1\n"));
    assert_non_null(
        strstr(text, "tbot_service_last_success_timestamp_seconds{service=\"ssh\"} 1767323045\n"));
    fake_clock_advance(&f->time, dur_s(11)); /* recovered, by time alone */
    text = look(f);
    assert_non_null(strstr(text, "\nprocess_state 0\n"));
    assert_non_null(strstr(text, "{service=\"ssh\",state=\"ok\"} 1\n"));
    assert_non_null(strstr(text, "tbot_service_consecutive_failures{service=\"ssh\"} 0\n"));
}

static void test_service_that_is_gone_is_not_shown(void **state)
{
    struct fixture *f = *state;
    add_ssh(f);
    assert_non_null(strstr(look(f), "service=\"ssh\""));
    health_remove(f->health, f->ssh);
    assert_null(strstr(look(f), "service=\"ssh\""));
}

static void test_stopping_is_four(void **state)
{
    struct fixture *f = *state;
    add_ssh(f);
    health_stop(f->health, clock_now(&f->time.clock));
    assert_non_null(strstr(look(f), "\nprocess_state 4\n"));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_families_are_known_before_any_service),
        TEST(test_state_is_one_hot_and_times_are_absent_until_known),
        TEST(test_failures_and_recovery_are_followed),
        TEST(test_service_that_is_gone_is_not_shown),
        TEST(test_stopping_is_four),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
