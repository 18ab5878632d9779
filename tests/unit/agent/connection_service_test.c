/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/connection_service.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/test_log.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* A cluster of one answer, an agent of one service. */
struct world {
    struct fake_clock time;
    struct fake_entropy dice;
    struct loop *loop;
    struct pool *lane;
    struct cancel *stop;
    struct cancel *release; /* a check that hangs, hangs until this is fired */
    struct test_log log;
    struct health *health;
    struct health_service *shown; /* what diagnostics see */
    struct connection_service *service;

    atomic_int answer; /* enum err_code */
    atomic_bool is_hanging;
    atomic_int takes_ms;
    atomic_int n_checks;
    int n_changed, n_in_touch, n_gave_up;
};

static struct err *check(void *arg, const struct ctx *ctx)
{
    struct world *w = arg;
    struct ctx endless = {.clock = clock_system(), .cancel = w->release, .deadline = MONO_NEVER};
    (void)ctx;
    atomic_fetch_add(&w->n_checks, 1);
    if (atomic_load(&w->is_hanging))
        err_ignore(ctx_wait_fd(&endless, -1, 0), "that is how it ends");
    fake_clock_advance(&w->time, dur_ms(atomic_load(&w->takes_ms)));
    enum err_code code = (enum err_code)atomic_load(&w->answer);
    return code == ERR_OK ? NULL : err_new(code, "as told");
}

static void changed(void *arg)
{
    struct world *w = arg;
    w->n_changed++;
}

static void in_touch(void *arg)
{
    struct world *w = arg;
    w->n_in_touch++;
}

static void gave_up(void *arg)
{
    struct world *w = arg;
    w->n_gave_up++;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    fake_entropy_init(&w->dice, 7);
    test_log_open(&w->log, &w->time.clock);
    assert_ok(loop_new(&w->time.clock, &w->loop));
    assert_ok(cancel_new(&w->stop));
    assert_ok(cancel_new(&w->release));
    assert_ok(pool_new(w->loop, 1, &w->lane));
    assert_ok(health_new(&w->health));
    assert_ok(health_add(w->health, "connection", HEALTH_PERIODIC, loop_now(w->loop), &w->shown));
    struct connection_service_config config = {.loop = w->loop,
                                               .lane = w->lane,
                                               .clock = &w->time.clock,
                                               .entropy = &w->dice.entropy,
                                               .log = w->log.log,
                                               .stop = w->stop,
                                               .check = check,
                                               .check_arg = w,
                                               .cluster = "auth server 'a:1'",
                                               .give_up_after = dur_s(600),
                                               .health = w->shown,
                                               .changed = changed,
                                               .in_touch = in_touch,
                                               .gave_up = gave_up,
                                               .arg = w};
    assert_ok(connection_service_new(&config, &w->service));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cancel_fire(w->release);
    while (connection_service_is_busy(w->service))
        assert_ok(loop_turn(w->loop));
    pool_free(w->lane);
    connection_service_free(w->service);
    health_free(w->health);
    cancel_free(w->release);
    cancel_free(w->stop);
    loop_free(w->loop);
    test_log_close(&w->log);
    free(w);
    return 0;
}

static enum contact_state contact(const struct world *w)
{
    return connection_service_contact(w->service)->state;
}

/* The check under way, if any, ends and is told; workers need real time. */
static void settle(struct world *w)
{
    do {
        assert_ok(loop_turn(w->loop));
        sched_yield();
    } while (connection_service_is_busy(w->service));
}

static void pass(struct world *w, int64_t s)
{
    fake_clock_advance(&w->time, dur_s(s));
    settle(w);
}

/* A check has begun and hangs. */
static void hang(struct world *w)
{
    int before = atomic_load(&w->n_checks);
    atomic_store(&w->is_hanging, true);
    connection_service_look(w->service);
    while (atomic_load(&w->n_checks) == before)
        sched_yield();
}

static void test_first_look_begins_the_watch(void **state)
{
    struct world *w = *state;
    connection_service_hear(w->service, ERR_UNAVAILABLE);
    pass(w, 100);
    assert_int_equal(atomic_load(&w->n_checks), 0);
    connection_service_look(w->service);
    settle(w);
    assert_int_equal(contact(w), CONTACT_UP);
    assert_int_equal(w->n_changed, 1);
    pass(w, 70);
    assert_int_equal(atomic_load(&w->n_checks), 2);
    assert_int_equal(w->n_changed, 1);
}

static void test_round_trip_is_that_of_the_last_good_check(void **state)
{
    struct world *w = *state;
    assert_int_equal(connection_service_round_trip(w->service).ns, 0);
    atomic_store(&w->takes_ms, 12);
    connection_service_look(w->service);
    settle(w);
    assert_int_equal(connection_service_round_trip(w->service).ns, dur_ms(12).ns);
    atomic_store(&w->takes_ms, 900);
    atomic_store(&w->answer, ERR_UNAVAILABLE);
    pass(w, 70);
    assert_int_equal(atomic_load(&w->n_checks), 2);
    assert_int_equal(connection_service_round_trip(w->service).ns, dur_ms(12).ns);
}

static void test_loss_and_return_are_logged_once_each(void **state)
{
    struct world *w = *state;
    connection_service_look(w->service);
    settle(w);
    atomic_store(&w->answer, ERR_UNAVAILABLE);
    connection_service_hear(w->service, ERR_TIMEOUT);
    pass(w, 5);
    assert_int_equal(contact(w), CONTACT_DOWN);
    assert_int_equal(err_code(connection_service_error(w->service)), ERR_UNAVAILABLE);
    for (int i = 0; i < 10; i++)
        pass(w, 12);
    assert_true(atomic_load(&w->n_checks) > 10);
    assert_int_equal(test_log_count(&w->log, "lost contact with the cluster"), 1);
    assert_int_equal(test_log_count(&w->log, "as told"), 1);
    atomic_store(&w->answer, ERR_OK);
    pass(w, 12);
    assert_int_equal(contact(w), CONTACT_UP);
    assert_null(connection_service_error(w->service));
    assert_int_equal(
        test_log_count(&w->log, "the cluster is back cluster:\"auth server 'a:1'\" outage:2m12s"),
        1);
    assert_int_equal(w->n_changed, 3);
}

static enum health_state shown(const struct world *w)
{
    return health_view(w->shown, loop_now(w->loop)).state;
}

static void test_diagnostics_follow_the_checks(void **state)
{
    struct world *w = *state;
    assert_int_equal(shown(w), HEALTH_STARTING);
    connection_service_look(w->service);
    settle(w);
    assert_int_equal(shown(w), HEALTH_OK);
    pass(w, 5);
    connection_service_hear(w->service, ERR_OK);
    struct health_view v = health_view(w->shown, loop_now(w->loop));
    assert_int_equal(v.last_success.ns, loop_now(w->loop).wall.ns);
    assert_in_range(dur_to_s(wall_diff(v.next_attempt, v.last_success)), 54, 66);

    atomic_store(&w->answer, ERR_UNAVAILABLE);
    pass(w, 70);
    v = health_view(w->shown, loop_now(w->loop));
    assert_int_equal(v.state, HEALTH_DEGRADED);
    assert_string_equal(v.reason, "as told");
    atomic_store(&w->answer, ERR_OK);
    pass(w, 12);
    assert_int_equal(shown(w), HEALTH_RECOVERING);
    connection_service_hear(w->service, ERR_OK); /* no check: it proves nothing */
    pass(w, 9);
    assert_int_equal(shown(w), HEALTH_RECOVERING);
    pass(w, 4);
    assert_int_equal(shown(w), HEALTH_OK);
}

static void test_return_that_is_a_refusal_says_so(void **state)
{
    struct world *w = *state;
    atomic_store(&w->answer, ERR_UNAVAILABLE);
    connection_service_look(w->service);
    settle(w);
    atomic_store(&w->answer, ERR_LOCKED);
    pass(w, 12);
    assert_int_equal(contact(w), CONTACT_UP);
    assert_int_equal(test_log_count(&w->log, "the cluster is back, but refuses"), 1);
}

static void *lose(void *arg)
{
    struct world *w = arg;
    for (int i = 0; i < 100; i++)
        connection_service_lost(w->service);
    return NULL;
}

static void test_end_of_the_connection_brings_a_check(void **state)
{
    struct world *w = *state;
    pthread_t threads[4];
    connection_service_look(w->service);
    settle(w);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, lose, w), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    settle(w);
    pass(w, 5);
    assert_int_equal(atomic_load(&w->n_checks), 2);
}

static void pass_by(void *arg)
{
    (void)arg;
}

static void note(void *arg)
{
    *(bool *)arg = true;
}

/* What was handed to the lane so far has begun, and ended unless it hangs. */
static void drain_lane(struct world *w)
{
    bool is_done = false;
    struct pool_job last = {.run = pass_by, .done = note, .arg = &is_done};
    pool_submit(w->lane, &last);
    while (!is_done) {
        assert_ok(loop_turn(w->loop));
        sched_yield();
    }
}

static void test_check_that_hangs_is_no_answer(void **state)
{
    struct world *w = *state;
    connection_service_look(w->service);
    settle(w);
    hang(w);
    fake_clock_advance(&w->time, dur_s(25));
    assert_ok(loop_turn(w->loop));
    assert_int_equal(contact(w), CONTACT_DOWN);
    /* The job, and why contact is lost. */
    assert_int_equal(test_log_count(&w->log, "hangs in the system"), 2);

    /* The next one waits for it to come back, and what it brings is too old. */
    atomic_store(&w->is_hanging, false);
    fake_clock_advance(&w->time, dur_s(12));
    assert_ok(loop_turn(w->loop));
    drain_lane(w);
    assert_int_equal(atomic_load(&w->n_checks), 2);
    cancel_fire(w->release);
    settle(w);
    assert_int_equal(atomic_load(&w->n_checks), 3);
    assert_int_equal(contact(w), CONTACT_UP);
}

static void test_outage_of_give_up_after_is_told_once(void **state)
{
    struct world *w = *state;
    connection_service_look(w->service);
    settle(w);
    assert_int_equal(w->n_in_touch, 1);
    pass(w, 50);
    connection_service_hear(w->service, ERR_OK); /* the time counts from here */
    assert_int_equal(w->n_in_touch, 2);
    atomic_store(&w->answer, ERR_UNAVAILABLE);
    for (int i = 0; i < 59; i++)
        pass(w, 10);
    assert_int_equal(contact(w), CONTACT_DOWN);
    assert_int_equal(w->n_gave_up, 0);
    pass(w, 10);
    assert_int_equal(w->n_gave_up, 1);
    assert_int_equal(w->n_in_touch, 2);
}

static void test_contact_in_between_begins_the_count_anew(void **state)
{
    struct world *w = *state;
    atomic_store(&w->answer, ERR_UNAVAILABLE);
    connection_service_look(w->service);
    for (int i = 0; i < 50; i++)
        pass(w, 10);
    assert_int_equal(contact(w), CONTACT_DOWN);
    atomic_store(&w->answer, ERR_OK);
    for (int i = 0; i < 100; i++)
        pass(w, 10);
    assert_int_equal(contact(w), CONTACT_UP);
    assert_int_equal(w->n_gave_up, 0);
}

static void test_stop_ends_the_watch(void **state)
{
    struct world *w = *state;
    hang(w);
    connection_service_stop(w->service);
    assert_true(connection_service_is_busy(w->service));
    cancel_fire(w->release);
    settle(w);
    assert_int_equal(w->n_changed, 1); /* whoever waits for the end of all work looks again */
    assert_int_equal(contact(w), CONTACT_UNKNOWN);
    connection_service_look(w->service);
    pass(w, 1000);
    assert_int_equal(atomic_load(&w->n_checks), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_look_begins_the_watch),
        TEST(test_round_trip_is_that_of_the_last_good_check),
        TEST(test_loss_and_return_are_logged_once_each),
        TEST(test_diagnostics_follow_the_checks),
        TEST(test_return_that_is_a_refusal_says_so),
        TEST(test_end_of_the_connection_brings_a_check),
        TEST(test_check_that_hangs_is_no_answer),
        TEST(test_outage_of_give_up_after_is_told_once),
        TEST(test_contact_in_between_begins_the_count_anew),
        TEST(test_stop_ends_the_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
