/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static struct fake_clock fake;
static struct loop *loop;
static struct pool *pool;
static struct cancel *cancel;
static int n_done;
static atomic_int n_dropped;
static atomic_bool staying;

static int setup(void **state)
{
    (void)state;
    fake_clock_init(&fake, "2026-01-02T03:04:05Z");
    n_done = 0;
    n_dropped = 0;
    assert_ok(loop_new(&fake.clock, &loop));
    assert_ok(cancel_new(&cancel));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    pool = NULL;
    cancel_free(cancel);
    loop_free(loop);
    return 0;
}

struct work {
    struct pool_job job;
    int input, output, wanted_done;
};

static void square(void *arg)
{
    struct work *w = arg;
    w->output = w->input * w->input;
}

static void count_done(void *arg)
{
    struct work *w = arg;
    assert_int_equal(w->output, w->input * w->input);
    if (++n_done == w->wanted_done)
        loop_stop(loop);
}

static void count_dropped(void *arg)
{
    (void)arg;
    n_dropped++;
}

/* Blocks until the token fires: a job that is stuck as long as the test wants. */
static void stay(void *arg)
{
    (void)arg;
    atomic_store(&staying, true);
    struct ctx ctx = {.clock = clock_system(), .cancel = cancel, .deadline = MONO_NEVER};
    err_ignore(ctx_wait_fd(&ctx, -1, 0), "that is how it ends");
}

static void submit(struct work *w, void (*run)(void *arg), int input, int wanted_done)
{
    *w = (struct work){.input = input, .wanted_done = wanted_done};
    w->job = (struct pool_job){.run = run, .done = count_done, .dropped = count_dropped, .arg = w};
    pool_submit(pool, &w->job);
}

static void test_jobs_run_and_tell_the_loop(void **state)
{
    (void)state;
    static struct work works[100];
    assert_ok(pool_new(loop, 3, &pool));
    for (int i = 0; i < 100; i++)
        submit(&works[i], square, i, 100);
    assert_ok(loop_run(loop));
    assert_int_equal(n_done, 100);
    assert_true(pool_is_idle(pool));
}

static sigset_t seen_mask;
static void note_mask(void *arg)
{
    (void)arg;
    pthread_sigmask(SIG_SETMASK, NULL, &seen_mask);
}

static void test_workers_block_every_signal(void **state)
{
    (void)state;
    struct work w;
    assert_ok(pool_new(loop, 1, &pool));
    submit(&w, note_mask, 0, 1);
    assert_ok(loop_run(loop));
    assert_true(sigismember(&seen_mask, SIGTERM));
    assert_true(sigismember(&seen_mask, SIGALRM));
}

/* One worker, one stuck job: the second job gets nowhere until the first is given up. */
static void test_stuck_worker_is_given_up_and_replaced(void **state)
{
    (void)state;
    struct work stuck, next;

    assert_ok(pool_new(loop, 1, &pool));
    submit(&stuck, stay, 0, 9);
    struct err *e;
    while ((e = pool_abandon(pool, &stuck.job))) /* not taken yet */
        err_free(e);
    assert_true(pool_is_idle(pool));
    submit(&next, square, 4, 1);
    assert_ok(loop_run(loop));
    assert_int_equal(next.output, 16);
    assert_int_equal(n_dropped, 0);

    cancel_fire(cancel); /* the stuck one comes back: dropped, not done */
    while (n_dropped == 0)
        sched_yield();
    assert_ok(loop_turn(loop));
    assert_int_equal(n_done, 1);
}

static void test_so_many_can_be_given_up_and_no_more(void **state)
{
    (void)state;
    static struct work stuck[POOL_ABANDONED_MAX + 1]; /* the last runs until teardown */

    assert_ok(pool_new(loop, 1, &pool));
    for (int i = 0; i < POOL_ABANDONED_MAX; i++) {
        submit(&stuck[i], stay, 0, 99);
        struct err *e;
        while ((e = pool_abandon(pool, &stuck[i].job)))
            err_free(e);
    }
    submit(&stuck[POOL_ABANDONED_MAX], stay, 0, 99);
    enum err_code code;
    do {
        struct err *e = pool_abandon(pool, &stuck[POOL_ABANDONED_MAX].job);
        code = err_code(e);
        err_free(e);
    } while (code == ERR_NOT_FOUND);
    assert_int_equal(code, ERR_BUSY);
    cancel_fire(cancel);
    while (n_dropped < POOL_ABANDONED_MAX)
        sched_yield();
}

static void test_abandoning_what_does_not_run_is_not_found(void **state)
{
    (void)state;
    struct pool_job job = {0};
    assert_ok(pool_new(loop, 1, &pool));
    assert_fails(pool_abandon(pool, &job), ERR_NOT_FOUND, "not running");
}

static void test_stop_cancels_what_runs_and_drops_what_waits(void **state)
{
    (void)state;
    struct work running, waiting;

    assert_ok(pool_new(loop, 1, &pool));
    atomic_store(&staying, false);
    submit(&running, stay, 0, 9);
    while (!staying)
        sched_yield();
    submit(&waiting, square, 3, 9);
    assert_int_equal(pool_stop(pool, cancel, dur_s(3600)), 0);
    assert_int_equal(waiting.output, 0);
    assert_int_equal(n_dropped, 1);
    submit(&waiting, square, 3, 9); /* too late */
    assert_int_equal(n_dropped, 2);
}

static void test_stop_does_not_wait_beyond_its_bound(void **state)
{
    (void)state;
    struct work stuck;

    assert_ok(pool_new(loop, 2, &pool));
    submit(&stuck, stay, 0, 9);
    struct err *e;
    while ((e = pool_abandon(pool, &stuck.job)))
        err_free(e);
    assert_int_equal(pool_stop(pool, NULL, dur_s(3600)), 1);
    pool_free(pool);
    pool = NULL;
    cancel_fire(cancel); /* it comes back to a pool whose owner is gone */
    while (n_dropped == 0)
        sched_yield();
}

static void test_stop_gives_up_a_job_that_goes_on(void **state)
{
    (void)state;
    struct work stuck;

    assert_ok(pool_new(loop, 1, &pool));
    atomic_store(&staying, false);
    submit(&stuck, stay, 0, 9);
    while (!staying)
        sched_yield();
    assert_int_equal(pool_stop(pool, NULL, dur_ms(1)), 1);
    assert_int_equal(n_dropped, 0);
    cancel_fire(cancel);
    while (n_dropped == 0)
        sched_yield();
    assert_ok(loop_turn(loop));
    assert_int_equal(n_done, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_jobs_run_and_tell_the_loop),
        TEST(test_workers_block_every_signal),
        TEST(test_stuck_worker_is_given_up_and_replaced),
        TEST(test_so_many_can_be_given_up_and_no_more),
        TEST(test_abandoning_what_does_not_run_is_not_found),
        TEST(test_stop_cancels_what_runs_and_drops_what_waits),
        TEST(test_stop_does_not_wait_beyond_its_bound),
        TEST(test_stop_gives_up_a_job_that_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
