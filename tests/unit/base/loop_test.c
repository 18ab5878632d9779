/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"
#include "base/loop_heap.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cmocka.h>

struct fixture {
    struct fake_clock time;
    struct loop *loop;
    int fired;
    struct dur jumped;
    int signo;
    struct fixture *order[3];
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
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
    struct loop_timer t = {.fn = count, .arg = f};
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
    struct loop_timer t = {.fn = count, .arg = f};
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
    struct loop_heap heap = {0};
    struct fake_entropy dice;
    fake_entropy_init(&dice, 11);
    for (int i = 0; i < N; i++) {
        timers[i] = (struct loop_timer){.at = {(int64_t)entropy_below(&dice.entropy, 1000)}};
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

/* Two descriptors are ready in one turn; whoever is called first closes the other. */
struct rival {
    struct fixture *f;
    struct loop_io io;
    struct rival *other;
};

static void remove_other(void *arg, uint32_t events)
{
    struct rival *r = arg;
    assert_true(events & EPOLLIN);
    r->f->fired++;
    loop_io_remove(r->f->loop, &r->other->io);
    loop_io_remove(r->f->loop, &r->io);
}

static void test_removed_descriptor_is_not_called_for_the_same_turn(void **state)
{
    struct fixture *f = *state;
    struct rival rivals[2];
    for (int i = 0; i < 2; i++) {
        rivals[i] = (struct rival){.f = f, .other = &rivals[1 - i]};
        rivals[i].io =
            (struct loop_io){.fd = eventfd(1, EFD_CLOEXEC), .fn = remove_other, .arg = &rivals[i]};
        assert_null(loop_io_add(f->loop, &rivals[i].io, EPOLLIN));
    }
    assert_null(loop_turn(f->loop));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 1);
    close(rivals[0].io.fd);
    close(rivals[1].io.fd);
}

static void note_events(void *arg, uint32_t events)
{
    ((struct fixture *)arg)->signo = (int)events;
}

static void test_changed_events_are_the_ones_told(void **state)
{
    struct fixture *f = *state;
    struct loop_io io = {.fd = eventfd(1, EFD_CLOEXEC), .fn = note_events, .arg = f};
    assert_null(loop_io_add(f->loop, &io, 0));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->signo, 0);
    assert_null(loop_io_change(f->loop, &io, EPOLLOUT));
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->signo, EPOLLOUT);
    loop_io_remove(f->loop, &io);
    close(io.fd);
}

struct restless {
    struct fixture *f;
    struct loop_timer timer;
};

static void set_again(void *arg)
{
    struct restless *r = arg;
    r->f->fired++;
    assert_null(loop_timer_set(r->f->loop, &r->timer, (struct mono){1}));
}

static void test_timer_set_to_the_past_does_not_hold_up_the_turn(void **state)
{
    struct fixture *f = *state;
    struct restless r = {.f = f};
    r.timer = (struct loop_timer){.fn = set_again, .arg = &r};
    set_again(&r);
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 2);
    loop_timer_clear(f->loop, &r.timer);
}

static void stop(void *arg)
{
    loop_stop(((struct fixture *)arg)->loop);
}

/* On the real clock: what arms the kernel's timer is not reached by turns of tests. */
static void test_run_wakes_for_a_timer(void **state)
{
    struct fixture *f = *state;
    struct loop *real = NULL;
    struct loop_timer t = {.fn = stop, .arg = f};
    assert_null(loop_new(clock_system(), &real));
    loop_free(f->loop);
    f->loop = real;
    assert_null(loop_timer_set(real, &t, mono_add(loop_now(real).mono, dur_ms(1))));
    assert_null(loop_run(real));
    assert_int_equal(t.slot, 0);
}

static void append(void *arg)
{
    struct fixture *f = *(struct fixture **)arg;
    f->fired = f->fired * 10 + (int)((struct fixture **)arg - &f->order[0]) + 1;
}

static void test_posted_tasks_run_in_order(void **state)
{
    struct fixture *f = *state;
    struct loop_task tasks[3];
    for (int i = 0; i < 3; i++) {
        f->order[i] = f;
        tasks[i] = (struct loop_task){.fn = append, .arg = &f->order[i]};
        loop_post(f->loop, &tasks[i]);
    }
    assert_null(loop_turn(f->loop));
    assert_int_equal(f->fired, 123);
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
        cmocka_unit_test_setup_teardown(test_removed_descriptor_is_not_called_for_the_same_turn,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed_events_are_the_ones_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timer_set_to_the_past_does_not_hold_up_the_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_run_wakes_for_a_timer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_posted_tasks_run_in_order, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
