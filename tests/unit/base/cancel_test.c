/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include "tests/support/assert_err.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

static struct cancel *cancel;

static int setup(void **state)
{
    (void)state;
    assert_ok(cancel_new(&cancel));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cancel_free(cancel);
    return 0;
}

static bool is_readable(void)
{
    struct pollfd p = {.fd = cancel_fd(cancel), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void test_fired_token_stays_fired(void **state)
{
    (void)state;
    assert_false(cancel_fired(cancel));
    assert_false(is_readable());
    cancel_fire(cancel);
    cancel_fire(cancel);
    assert_true(cancel_fired(cancel));
    assert_true(is_readable());
    assert_true(is_readable());
}

static void test_hooks_run_once_and_removed_ones_never(void **state)
{
    (void)state;
    atomic_int n = 0, removed = 0;
    struct cancel_hook a = {.fn = count, .arg = &n}, b = a, c = {.fn = count, .arg = &removed};
    cancel_hook_add(cancel, &a);
    cancel_hook_add(cancel, &c);
    cancel_hook_add(cancel, &b);
    cancel_hook_remove(cancel, &c);
    cancel_fire(cancel);
    cancel_fire(cancel);
    assert_int_equal(n, 2);
    assert_int_equal(removed, 0);
    cancel_hook_remove(cancel, &a);
    cancel_hook_remove(cancel, &b);
}

static void test_hook_added_after_the_fact_runs_at_once(void **state)
{
    (void)state;
    atomic_int n = 0;
    struct cancel_hook h = {.fn = count, .arg = &n};
    cancel_fire(cancel);
    cancel_hook_add(cancel, &h);
    assert_int_equal(n, 1);
    cancel_hook_remove(cancel, &h);
}

struct self_removing {
    struct cancel_hook hook;
    int ran;
};

static void remove_self(void *arg)
{
    struct self_removing *s = arg;
    cancel_hook_remove(cancel, &s->hook);
    s->ran++;
}

static void test_hook_may_remove_itself(void **state)
{
    (void)state;
    struct self_removing s = {.ran = 0};
    s.hook = (struct cancel_hook){.fn = remove_self, .arg = &s};
    cancel_hook_add(cancel, &s.hook);
    cancel_fire(cancel);
    assert_int_equal(s.ran, 1);
}

/* The hook waits at the gate while the other thread removes it: removing must wait for its end. */
struct slow {
    pthread_barrier_t gate;
    atomic_bool finished;
};

static void run_slowly(void *arg)
{
    struct slow *s = arg;
    pthread_barrier_wait(&s->gate);
    for (int i = 0; i < 1000; i++)
        sched_yield();
    atomic_store(&s->finished, true);
}

static void *fire(void *arg)
{
    cancel_fire(arg);
    return NULL;
}

static void test_remove_waits_for_a_hook_that_runs(void **state)
{
    (void)state;
    struct slow s = {.finished = false};
    struct cancel_hook h = {.fn = run_slowly, .arg = &s};
    pthread_t thread;
    pthread_barrier_init(&s.gate, NULL, 2);
    cancel_hook_add(cancel, &h);
    assert_int_equal(pthread_create(&thread, NULL, fire, cancel), 0);
    pthread_barrier_wait(&s.gate);
    cancel_hook_remove(cancel, &h);
    assert_true(s.finished);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&s.gate);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_fired_token_stays_fired),
        TEST(test_hooks_run_once_and_removed_ones_never),
        TEST(test_hook_added_after_the_fact_runs_at_once),
        TEST(test_hook_may_remove_itself),
        TEST(test_remove_waits_for_a_hook_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
