/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/wait.h"

#include "tests/support/assert_err.h"

/* 2026-01-02T03:04:05Z, and so many seconds later. */
static struct now at(int64_t s)
{
    return (struct now){{dur_s(1000 + s).ns}, wall_of_unix(1767323045 + s)};
}

struct fixture {
    struct health *h;
    struct health_service *identity, *connection;
};

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(health_new(&f.h));
    assert_ok(health_add(f.h, "identity", HEALTH_SERVICE, at(0), &f.identity));
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

static void fail_at(struct health_service *s, const char *operation, int64_t t)
{
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(s, operation, e, at(t));
    err_free(e);
}

static enum diag_wait_outcome look(const struct fixture *f, enum diag_wait_for what,
                                   const char *service, int64_t t)
{
    struct diag_wait w = {.what = what, .service = service, .until = at(60).mono};
    return diag_wait_look(&w, f->h, at(t));
}

static void test_query_is_read(void **state)
{
    (void)state;
    struct diag_wait w;
    assert_ok(diag_wait_read(NULL, NULL, at(0).mono, &w));
    assert_int_equal(w.what, DIAG_WAIT_REPORTED);
    assert_int_equal(w.until.ns, MONO_NEVER.ns);
    assert_ok(diag_wait_read("ready", "30s", at(5).mono, &w));
    assert_int_equal(w.what, DIAG_WAIT_READY);
    assert_int_equal(w.until.ns, at(35).mono.ns);
    assert_ok(diag_wait_read("serving", "0s", at(5).mono, &w));
    assert_int_equal(w.what, DIAG_WAIT_SERVING);
    assert_int_equal(w.until.ns, at(5).mono.ns);
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    struct diag_wait w;
    assert_fails(diag_wait_read("Ready", NULL, at(0).mono, &w), ERR_CONFIG, "'Ready'");
    assert_fails(diag_wait_read("", NULL, at(0).mono, &w), ERR_CONFIG, "''");
    assert_fails(diag_wait_read(NULL, "soon", at(0).mono, &w), ERR_CONFIG, "'soon'");
    assert_fails(diag_wait_read(NULL, "-1s", at(0).mono, &w), ERR_CONFIG, "'-1s'");
    assert_fails(diag_wait_read(NULL, "", at(0).mono, &w), ERR_CONFIG, "''");
}

static void test_reported_is_met_by_any_word_of_each(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 1), DIAG_WAIT_ON);
    fail_at(f->identity, "renew", 2);
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, "identity", 2), DIAG_WAIT_MET);
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, "connection", 2), DIAG_WAIT_ON);
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 2), DIAG_WAIT_ON);
    health_succeeded(f->connection, "ping", at(3));
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 3), DIAG_WAIT_MET);
}

static void test_ready_is_met_by_ok_alone(void **state)
{
    struct fixture *f = *state;
    health_succeeded(f->connection, "ping", at(1));
    fail_at(f->identity, "renew", 1);
    assert_int_equal(look(f, DIAG_WAIT_READY, NULL, 1), DIAG_WAIT_ON);
    assert_int_equal(look(f, DIAG_WAIT_READY, "connection", 1), DIAG_WAIT_MET);
    health_succeeded(f->identity, "renew", at(5));
    assert_int_equal(look(f, DIAG_WAIT_READY, "identity", 14), DIAG_WAIT_ON); /* recovering */
    assert_int_equal(look(f, DIAG_WAIT_READY, "identity", 15), DIAG_WAIT_MET);
    assert_int_equal(look(f, DIAG_WAIT_READY, NULL, 15), DIAG_WAIT_MET);
}

static void test_serving_is_met_while_it_is_valid(void **state)
{
    struct fixture *f = *state;
    fail_at(f->identity, "renew", 1);
    assert_int_equal(look(f, DIAG_WAIT_SERVING, NULL, 1), DIAG_WAIT_ON);
    health_serves(f->identity, at(10).wall);
    assert_int_equal(look(f, DIAG_WAIT_SERVING, NULL, 9), DIAG_WAIT_MET);
    assert_int_equal(look(f, DIAG_WAIT_SERVING, "identity", 9), DIAG_WAIT_MET);
    assert_int_equal(look(f, DIAG_WAIT_SERVING, "identity", 10), DIAG_WAIT_ON);
}

static void test_time_over_is_late_but_what_is_met_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 59), DIAG_WAIT_ON);
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 60), DIAG_WAIT_LATE);
    health_succeeded(f->connection, "ping", at(60));
    health_succeeded(f->identity, "renew", at(60));
    assert_int_equal(look(f, DIAG_WAIT_REPORTED, NULL, 61), DIAG_WAIT_MET);
}

static void test_a_stop_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    health_serves(f->identity, at(100).wall);
    health_stop(f->h, at(1));
    assert_int_equal(look(f, DIAG_WAIT_READY, NULL, 1), DIAG_WAIT_IN_VAIN);
    assert_int_equal(look(f, DIAG_WAIT_READY, "identity", 1), DIAG_WAIT_IN_VAIN);
    assert_int_equal(look(f, DIAG_WAIT_SERVING, NULL, 1), DIAG_WAIT_MET);
}

static void test_a_service_may_be_unknown_or_go_away(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(look(f, DIAG_WAIT_READY, "other", 1), DIAG_WAIT_UNKNOWN);
    health_remove(f->h, f->connection);
    assert_int_equal(look(f, DIAG_WAIT_READY, "connection", 1), DIAG_WAIT_UNKNOWN);
}

static void test_wakes_for_time_alone(void **state)
{
    struct fixture *f = *state;
    struct diag_wait w = {.what = DIAG_WAIT_READY, .until = MONO_NEVER};
    assert_int_equal(diag_wait_wake(&w, f->h, at(1)).ns, MONO_NEVER.ns);
    fail_at(f->identity, "renew", 1);
    health_succeeded(f->identity, "renew", at(2));
    assert_int_equal(diag_wait_wake(&w, f->h, at(3)).ns, at(12).mono.ns);
    w.until = at(5).mono;
    assert_int_equal(diag_wait_wake(&w, f->h, at(3)).ns, at(5).mono.ns);
}

#define WAIT_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_is_read),
        cmocka_unit_test(test_nonsense_is_refused),
        WAIT_TEST(test_reported_is_met_by_any_word_of_each),
        WAIT_TEST(test_ready_is_met_by_ok_alone),
        WAIT_TEST(test_serving_is_met_while_it_is_valid),
        WAIT_TEST(test_time_over_is_late_but_what_is_met_counts),
        WAIT_TEST(test_a_stop_ends_the_wait),
        WAIT_TEST(test_a_service_may_be_unknown_or_go_away),
        WAIT_TEST(test_wakes_for_time_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
