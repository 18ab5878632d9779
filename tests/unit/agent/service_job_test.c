/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/service_job.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <sched.h>
#include <stdatomic.h>

struct fixture {
    struct fake_clock time;
    struct loop *loop;
    struct pool *pool;
    struct cancel *go;       /* what hangs, hangs until this is fired */
    struct cancel *go_other; /* the same for `other` */
    struct service_job job, other;
    atomic_bool is_running, is_other_running;
    int n_done, n_other_done, n_overdue;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    fake_clock_init(&f->time, "2026-01-02T03:04:05Z");
    assert_ok(loop_new(&f->time.clock, &f->loop));
    assert_ok(pool_new(f->loop, 1, &f->pool));
    assert_ok(cancel_new(&f->go));
    assert_ok(cancel_new(&f->go_other));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    cancel_fire(f->go);
    cancel_fire(f->go_other);
    pool_free(f->pool);
    service_job_release(&f->job);
    service_job_release(&f->other);
    cancel_free(f->go);
    cancel_free(f->go_other);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void wait_for(struct cancel *go)
{
    struct ctx ctx = {.clock = clock_system(), .cancel = go, .deadline = MONO_NEVER};
    err_ignore(ctx_wait_fd(&ctx, -1, 0), "that is how it ends");
}

static void hang(void *arg)
{
    struct fixture *f = arg;
    atomic_store(&f->is_running, true);
    wait_for(f->go);
}

static void hang_other(void *arg)
{
    struct fixture *f = arg;
    atomic_store(&f->is_other_running, true);
    wait_for(f->go_other);
}

static void pass(void *arg)
{
    (void)arg;
}

static void done(void *arg)
{
    struct fixture *f = arg;
    f->n_done++;
}

static void other_done(void *arg)
{
    struct fixture *f = arg;
    f->n_other_done++;
}

static void overdue(void *arg)
{
    struct fixture *f = arg;
    f->n_overdue++;
}

static struct service_job make(struct fixture *f, void (*run)(void *arg),
                               void (*when_done)(void *arg))
{
    return (struct service_job){.loop = f->loop,
                                .clock = &f->time.clock,
                                .pool = f->pool,
                                .name = "test",
                                .run = run,
                                .done = when_done,
                                .overdue = overdue,
                                .arg = f};
}

static void start_hanging(struct fixture *f)
{
    f->job = make(f, hang, done);
    service_job_start(&f->job, dur_s(60));
    while (!atomic_load(&f->is_running))
        sched_yield();
}

/* Turns the loop until `*counter` moves: workers need real time. */
static void turn_until(struct fixture *f, const int *counter)
{
    while (*counter == 0) {
        assert_ok(loop_turn(f->loop));
        sched_yield();
    }
}

static void advance(struct fixture *f, int64_t s)
{
    fake_clock_advance(&f->time, dur_s(s));
    assert_ok(loop_turn(f->loop));
}

static void test_job_runs_and_is_done_on_the_loop(void **state)
{
    struct fixture *f = *state;
    f->job = make(f, pass, done);
    service_job_start(&f->job, dur_s(60));
    assert_true(f->job.is_busy);
    turn_until(f, &f->n_done);
    assert_false(f->job.is_busy);
    advance(f, 1000);
    assert_int_equal(f->n_overdue, 0);
}

static void test_job_that_hangs_gives_its_worker_back_and_stays_busy(void **state)
{
    struct fixture *f = *state;
    start_hanging(f);
    advance(f, 60);
    assert_int_equal(f->n_overdue, 0); /* a little late is not hung */
    advance(f, 11);
    assert_int_equal(f->n_overdue, 1);
    assert_true(f->job.is_busy && f->job.is_overdue);

    f->other = make(f, pass, other_done);
    service_job_start(&f->other, dur_s(60));
    turn_until(f, &f->n_other_done);
    assert_int_equal(f->n_done, 0);
    cancel_fire(f->go);
    turn_until(f, &f->n_done); /* it uses the fixture until then */
}

static void test_job_that_comes_back_after_all_is_done(void **state)
{
    struct fixture *f = *state;
    start_hanging(f);
    advance(f, 71);
    cancel_fire(f->go);
    turn_until(f, &f->n_done);
    assert_false(f->job.is_busy || f->job.is_overdue);
    assert_int_equal(f->n_done, 1);

    f->job.run = pass; /* and the next one is as the first */
    f->n_done = 0;
    service_job_start(&f->job, dur_s(60));
    turn_until(f, &f->n_done);
}

static void test_job_that_waits_for_a_worker_is_not_overdue(void **state)
{
    struct fixture *f = *state;
    start_hanging(f);
    f->other = make(f, pass, other_done);
    service_job_start(&f->other, dur_s(5));
    advance(f, 30);
    assert_false(f->other.is_overdue);
    assert_int_equal(f->n_overdue, 0);
    cancel_fire(f->go);
    turn_until(f, &f->n_other_done);
}

/* Its limit counts from when it has a worker. */
static void test_job_that_waited_has_its_whole_time(void **state)
{
    struct fixture *f = *state;
    start_hanging(f);
    f->other = make(f, hang_other, other_done);
    service_job_start(&f->other, dur_s(5));
    advance(f, 30);
    cancel_fire(f->go);
    turn_until(f, &f->n_done);
    while (!atomic_load(&f->is_other_running))
        sched_yield();
    advance(f, 10);
    assert_int_equal(f->n_overdue, 0);
    advance(f, 6);
    assert_int_equal(f->n_overdue, 1);
    cancel_fire(f->go_other);
    turn_until(f, &f->n_other_done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_job_runs_and_is_done_on_the_loop),
        TEST(test_job_that_hangs_gives_its_worker_back_and_stays_busy),
        TEST(test_job_that_comes_back_after_all_is_done),
        TEST(test_job_that_waits_for_a_worker_is_not_overdue),
        TEST(test_job_that_waited_has_its_whole_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
