/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/thread_stacks.h"

#include "base/thread.h"
#include "diag/profile/stack.h"
#include "tests/support/assert_err.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

static struct cancel *end;
static atomic_uint n_waiting;

void wait_in_the_middle(void);
__attribute__((noinline)) void wait_in_the_middle(void)
{
    const struct ctx ctx = {.clock = clock_system(), .cancel = end, .deadline = MONO_NEVER};
    atomic_fetch_add(&n_waiting, 1);
    err_ignore(ctx_sleep(&ctx, dur_s(600)), "it ends by being cancelled");
    atomic_fetch_sub(&n_waiting, 1);
}

static void *stay(void *arg)
{
    pthread_setname_np(pthread_self(), "one who waits");
    wait_in_the_middle();
    return arg;
}

static void *stay_deaf(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    wait_in_the_middle();
    return arg;
}

static void print(struct buf *out)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    assert_ok(thread_stacks_print(&ctx, out));
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        n++;
    return n;
}

static void start(void *(*run)(void *arg), pthread_t *threads, unsigned n)
{
    assert_ok(cancel_new(&end));
    for (unsigned i = 0; i < n; i++)
        assert_ok(thread_start(run, NULL, &threads[i]));
    while (atomic_load(&n_waiting) < n)
        sched_yield();
}

static void stop(const pthread_t *threads, unsigned n)
{
    cancel_fire(end);
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    cancel_free(TAKE(end));
}

static void test_lists_every_thread_with_name_state_and_stack(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 20);
    pthread_t threads[5];

    start(stay, threads, 5);
    print(&out);
    stop(threads, 5);
    const char *text = buf_str(&out);
    assert_int_equal(strncmp(text, "goroutine profile: total ", 25), 0);
    assert_int_equal(count(text, "\"one who waits\": "), 5);
    assert_int_equal(count(text, "wait_in_the_middle+0x"), 5);
    assert_true(count(text, "sleeping") >= 1);
    assert_int_equal(count(text, "gave no stack"), 0);
}

static void test_being_asked_wakes_nobody_up_for_good(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    pthread_t threads[2];

    start(stay, threads, 2);
    for (int i = 0; i < 20; i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 20);
        print(&out);
        assert_int_equal(count(buf_str(&out), "wait_in_the_middle+0x"), 2);
    }
    assert_int_equal(atomic_load(&n_waiting), 2);
    stop(threads, 2);
}

static void test_one_that_does_not_answer_is_listed_without(void **state)
{
    (void)state;
    if (!stack_is_supported())
        skip();
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 20);
    pthread_t thread;

    start(stay_deaf, &thread, 1);
    print(&out);
    stop(&thread, 1);
    assert_int_equal(count(buf_str(&out), "gave no stack"), 1);
    assert_int_equal(count(buf_str(&out), "wait_in_the_middle"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_every_thread_with_name_state_and_stack),
        cmocka_unit_test(test_being_asked_wakes_nobody_up_for_good),
        cmocka_unit_test(test_one_that_does_not_answer_is_listed_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
