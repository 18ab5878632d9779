/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"
#include "base/loop_heap.h"
#include "base/pool.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>

#include <cmocka.h>

struct fixture {
    struct fake_clock time;
    struct loop *loop;
    int fired;
    struct dur jumped;
    int signo;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ 0 };
    fake_clock_init(&f.time, "2026-01-02T03:04:05Z");
    assert_null(loop_new(&f.time.clock, &f.loop));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    loop_free(((struct fixture *)*state)->loop);
    return 0;
}

static void count(void *arg)
{
    ((struct fixture *)arg)->fired++;
}

static void test_timer_fires_once_at_its_time(void **state)
{
    struct fixture *f = *state;
    struct loop_timer t = { .fn = count, .arg = f };
    assert_null(loop_timer_set(f->loop, &t, mono_add(loop_now(f->loop).mono, dur_s(10))));
    fake_clock_advance(&f->time, dur_s(9));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 0);
    fake_clock_advance(&f->time, dur_s(1));
    assert_null(loop_turn(f->loop));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 1);
}

static void test_timer_cleared_or_never_does_not_fire(void **state)
{
    struct fixture *f = *state;
    struct loop_timer t = { .fn = count, .arg = f };
    assert_null(loop_timer_set(f->loop, &t, loop_now(f->loop).mono));
    loop_timer_clear(f->loop, &t);
    assert_null(loop_timer_set(f->loop, &t, MONO_NEVER));
    fake_clock_advance(&f->time, dur_s(1));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 0);
}

static void test_heap_gives_timers_back_in_order(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct loop_timer timers[N];
    struct loop_heap heap = { 0 };
    struct fake_entropy dice;
    fake_entropy_init(&dice, 11);
    for (int i = 0; i < N; i++) {
        timers[i] = (struct loop_timer){ .at = { (int64_t)entropy_below(&dice.entropy, 1000) } };
        assert_null(loop_heap_add(&heap, &timers[i]));
    }
    for (int i = 0; i < N; i += 3) /* from anywhere in the heap */
        loop_heap_remove(&heap, &timers[i]);
    int left = 0;
    int64_t before = 0;
    for (struct loop_timer *t; (t = loop_heap_first(&heap)) != NULL; left++) {
        assert_true(t->at.ns >= before);
        before = t->at.ns;
        loop_heap_remove(&heap, t);
        assert_int_equal(t->slot, 0);
    }
    assert_int_equal(left, N - (N + 2) / 3);
    loop_heap_release(&heap);
}

static void note_jump(void *arg, struct dur by)
{
    ((struct fixture *)arg)->jumped = by;
}

static void test_jump_of_the_calendar_is_told_and_passing_time_is_not(void **state)
{
    struct fixture *f = *state;
    loop_on_jump(f->loop, note_jump, f);
    fake_clock_advance(&f->time, dur_s(36000));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->jumped.ns, 0);
    fake_clock_jump_wall(&f->time, dur_s(-3600));
    assert_null(loop_turn(f->loop));
    assert_int_equal(dur_to_s(f->jumped), -3600);
}

static void note_signal(void *arg, int signo)
{
    ((struct fixture *)arg)->signo = signo;
}

static void test_signal_arrives_on_the_loop(void **state)
{
    struct fixture *f = *state;
    loop_on_signal(f->loop, note_signal, f);
    raise(SIGHUP);
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->signo, SIGHUP);
}

struct work {
    struct fixture *f;
    int input, output;
    struct pool_job job;
};

static void square(void *arg)
{
    struct work *w = arg;
    w->output = w->input * w->input;
}

static void squared(void *arg)
{
    struct work *w = arg;
    assert_int_equal(w->output, w->input * w->input);
    if (++w->f->fired == 100)
        loop_stop(w->f->loop);
}

static void test_pool_runs_jobs_and_tells_the_loop(void **state)
{
    struct fixture *f = *state;
    struct pool *pool = NULL;
    static struct work works[100];
    assert_null(pool_new(f->loop, 3, &pool));
    for (int i = 0; i < 100; i++) {
        works[i] = (struct work){ .f = f, .input = i };
        works[i].job = (struct pool_job){ .run = square, .done = squared, .arg = &works[i] };
        pool_submit(pool, &works[i].job);
    }
    assert_null(loop_run(f->loop));
    assert_int_equal(f->fired, 100);
    pool_free(pool);
}

int main(void)
{
    loop_block_signals();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_timer_fires_once_at_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timer_cleared_or_never_does_not_fire, setup, teardown),
        cmocka_unit_test(test_heap_gives_timers_back_in_order),
        cmocka_unit_test_setup_teardown(test_jump_of_the_calendar_is_told_and_passing_time_is_not,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_signal_arrives_on_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pool_runs_jobs_and_tells_the_loop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
