/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/health.h"

#include "tests/support/assert_err.h"

static struct now at(int64_t s)
{
    return (struct now){{dur_s(s + 1).ns}, wall_of_unix(1800000000 + s)};
}

struct fixture {
    struct health *h;
    struct health_service *identity, *output, *connection;
};

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(health_new(&f.h));
    assert_ok(health_add(f.h, "identity", HEALTH_SERVICE, at(0), &f.identity));
    assert_ok(health_add(f.h, "output-1", HEALTH_SERVICE, at(0), &f.output));
    assert_ok(health_add(f.h, "connection", HEALTH_PERIODIC, at(0), &f.connection));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    health_free(f->h);
    return 0;
}

static void break_down(struct health_service *s, const char *operation, int64_t t)
{
    struct err *e = err_set_hint(err_new(ERR_UNAVAILABLE, "connect '%s': refused", "10.0.0.1:3025"),
                                 "Look at the cluster.");
    health_failed(s, operation, e, at(t));
    err_free(e);
}

static enum health_state state_at(const struct health_service *s, int64_t t)
{
    return health_view(s, at(t)).state;
}

static void test_service_never_reported_stays_starting_and_visible(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->identity, "renew", at(1));
    health_succeeded(f->connection, "ping", at(1));
    assert_int_equal(state_at(f->output, 1000), HEALTH_STARTING);
    assert_int_equal(health_overall(f->h, at(1000)).state, HEALTH_STARTING);
    assert_false(health_overall(f->h, at(1000)).has_reported);
}

static void test_all_succeeded_is_ok(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->identity, "renew", at(1));
    health_succeeded(f->output, "renew", at(2));
    health_succeeded(f->connection, "ping", at(3));
    assert_int_equal(health_overall(f->h, at(3)).state, HEALTH_OK);
    assert_true(health_overall(f->h, at(3)).has_reported);
}

static void test_failure_tells_reason_code_hint_and_counts(void **state)
{
    struct fixture *f = *state;
    break_down(f->identity, "renew", 5);
    break_down(f->identity, "renew", 7);
    struct health_view v = health_view(f->identity, at(8));
    assert_int_equal(v.state, HEALTH_DEGRADED);
    assert_int_equal(v.failures, 2);
    assert_int_equal(v.code, ERR_UNAVAILABLE);
    assert_string_equal(v.reason, "connect '10.0.0.1:3025': refused");
    assert_string_equal(v.hint, "Look at the cluster.");
    assert_string_equal(v.operation, "renew");
    assert_int_equal(wall_to_unix(v.since), 1800000005);
    assert_int_equal(wall_to_unix(v.updated_at), 1800000007);
    assert_int_equal(v.last_success.ns, WALL_NONE.ns);
}

static void test_service_recovers_by_ten_seconds_without_failure(void **state)
{
    struct fixture *f = *state;
    break_down(f->output, "renew", 0);
    health_succeeded(f->output, "renew", at(20));
    assert_int_equal(state_at(f->output, 20), HEALTH_RECOVERING);
    assert_int_equal(state_at(f->output, 29), HEALTH_RECOVERING);
    assert_int_equal(health_next_change(f->h, at(25)).ns, at(30).mono.ns);
    assert_int_equal(state_at(f->output, 30), HEALTH_OK);
    assert_int_equal(wall_to_unix(health_view(f->output, at(50)).since), 1800000030);
    assert_null(health_view(f->output, at(50)).reason);
}

static void test_failure_while_recovering_degrades_again(void **state)
{
    struct fixture *f = *state;
    break_down(f->output, "renew", 0);
    health_succeeded(f->output, "renew", at(20));
    break_down(f->output, "renew", 25);
    assert_int_equal(state_at(f->output, 40), HEALTH_DEGRADED);
    assert_int_equal(wall_to_unix(health_view(f->output, at(40)).since), 1800000025);
}

static void test_periodic_check_needs_second_success_ten_seconds_later(void **state)
{
    struct fixture *f = *state;
    break_down(f->connection, "ping", 0);
    health_succeeded(f->connection, "ping", at(10));
    assert_int_equal(state_at(f->connection, 100), HEALTH_RECOVERING);
    health_succeeded(f->connection, "ping", at(15));
    assert_int_equal(state_at(f->connection, 15), HEALTH_RECOVERING);
    health_succeeded(f->connection, "ping", at(20));
    assert_int_equal(state_at(f->connection, 20), HEALTH_OK);
}

static void test_success_of_another_operation_does_not_hide_a_failure(void **state)
{
    struct fixture *f = *state;
    break_down(f->identity, "renew", 0);
    health_succeeded(f->identity, "store", at(10));
    assert_int_equal(state_at(f->identity, 100), HEALTH_DEGRADED);
    assert_string_equal(health_view(f->identity, at(100)).operation, "renew");
}

static void test_culprit_is_the_first_of_the_overall_state(void **state)
{
    struct fixture *f = *state;
    struct health_view v;
    assert_true(health_culprit(f->h, at(1), &v));
    assert_string_equal(v.name, "identity");
    health_succeeded(f->identity, "renew", at(1));
    break_down(f->connection, "check", 2);
    assert_true(health_culprit(f->h, at(3), &v));
    assert_string_equal(v.name, "connection");
    assert_string_equal(v.reason, "connect '10.0.0.1:3025': refused");
    health_stop(f->h, at(4));
    assert_false(health_culprit(f->h, at(5), &v));
}

static void test_overall_is_the_worst(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->identity, "renew", at(1));
    assert_int_equal(health_overall(f->h, at(1)).state, HEALTH_STARTING);
    break_down(f->output, "renew", 2);
    assert_int_equal(health_overall(f->h, at(2)).state, HEALTH_DEGRADED);
    health_succeeded(f->output, "renew", at(3));
    assert_int_equal(health_overall(f->h, at(3)).state, HEALTH_RECOVERING);
    assert_int_equal(health_overall(f->h, at(13)).state, HEALTH_STARTING);
    health_stop(f->h, at(14));
    assert_int_equal(health_overall(f->h, at(14)).state, HEALTH_STOPPING);
    assert_int_equal(wall_to_unix(health_overall(f->h, at(20)).since), 1800000014);
}

static void test_serving_ends_with_the_first_expiry(void **state)
{
    struct fixture *f = *state;
    assert_false(health_overall(f->h, at(0)).is_serving);
    health_serves(f->identity, at(100).wall);
    health_serves(f->output, at(60).wall);
    break_down(f->connection, "ping", 10);
    assert_true(health_overall(f->h, at(59)).is_serving);
    assert_int_equal(health_next_change(f->h, at(59)).ns, at(60).mono.ns);
    assert_false(health_overall(f->h, at(60)).is_serving);
    assert_int_equal(health_overall(f->h, at(59)).first_expiry.ns, at(60).wall.ns);
}

static void test_removed_service_does_not_count(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->identity, "renew", at(1));
    health_succeeded(f->connection, "ping", at(1));
    health_remove(f->h, f->output);
    assert_int_equal(health_overall(f->h, at(2)).state, HEALTH_OK);
    assert_null(health_find(f->h, "output-1"));
    assert_int_equal(health_count(f->h), 2);
}

static void test_name_taken_is_a_bug(void **state)
{
    struct fixture *f = *state;
    struct health_service *s = NULL;
    assert_fails(health_add(f->h, "identity", HEALTH_SERVICE, at(0), &s), ERR_BUG, "identity");
}

static void count(void *arg)
{
    int *n = arg;
    (*n)++;
}

static void test_watcher_is_told_of_every_report(void **state)
{
    struct fixture *f = *state;
    int n = 0;
    health_watch(f->h, count, &n);
    health_succeeded(f->identity, "renew", at(1));
    assert_int_equal(n, 1);
    break_down(f->connection, "ping", 2);
    assert_int_equal(n, 2);
    health_serves(f->identity, at(60).wall);
    assert_int_equal(n, 3);
    health_remove(f->h, f->output);
    assert_int_equal(n, 4);
    health_stop(f->h, at(3));
    assert_int_equal(n, 5);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_service_never_reported_stays_starting_and_visible),
        TEST(test_all_succeeded_is_ok),
        TEST(test_failure_tells_reason_code_hint_and_counts),
        TEST(test_service_recovers_by_ten_seconds_without_failure),
        TEST(test_failure_while_recovering_degrades_again),
        TEST(test_periodic_check_needs_second_success_ten_seconds_later),
        TEST(test_success_of_another_operation_does_not_hide_a_failure),
        TEST(test_culprit_is_the_first_of_the_overall_state),
        TEST(test_overall_is_the_worst),
        TEST(test_serving_ends_with_the_first_expiry),
        TEST(test_removed_service_does_not_count),
        TEST(test_name_taken_is_a_bug),
        TEST(test_watcher_is_told_of_every_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
