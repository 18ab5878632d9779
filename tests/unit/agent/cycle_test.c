/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cycle.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define T0 1767225600

struct fixture {
    struct fake_entropy dice;
    struct cycle c;
    struct mono mono;
    struct wall wall;
};

static void setup(struct fixture *f)
{
    fake_entropy_init(&f->dice, 5);
    f->mono = (struct mono){1000000000};
    f->wall = wall_of_unix(T0);
    struct cycle_config config = {
        .interval = dur_s(1200), .attempts = 5, .entropy = &f->dice.entropy};
    cycle_init(&f->c, &config, f->mono);
}

static void run(struct fixture *f, enum err_code code)
{
    assert_true(cycle_due(&f->c, f->mono, f->wall));
    cycle_started(&f->c);
    assert_false(cycle_due(&f->c, f->mono, f->wall));
    struct validity v = {wall_add(f->wall, dur_s(-60)), wall_add(f->wall, dur_s(3600))};
    cycle_done(&f->c, code, v, f->mono, f->wall);
}

/* Lets time pass until the cycle is due; returns for how long, in seconds. */
static int64_t wait(struct fixture *f)
{
    struct dur d = mono_diff(cycle_wake(&f->c, f->mono, f->wall), f->mono);
    f->mono = mono_add(f->mono, d);
    f->wall = wall_add(f->wall, d);
    return dur_to_s(d);
}

static void test_success_is_followed_by_the_next_interval(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_OK);
    assert_false(f.c.stale);
    assert_in_range(wait(&f), 960, 1200);
    run(&f, ERR_OK);
}

static void test_passing_failures_are_retried_up_to_the_bound(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    for (int i = 1; i < 5; i++) {
        run(&f, ERR_UNAVAILABLE);
        assert_false(f.c.stale);
        assert_in_range(wait(&f), 0, 8);
    }
    run(&f, ERR_UNAVAILABLE);
    assert_true(f.c.stale);
    assert_in_range(wait(&f), 960, 1200);
}

static void test_refusal_is_not_retried_before_the_next_interval(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_DENIED);
    assert_true(f.c.stale);
    assert_in_range(wait(&f), 960, 1200);
    run(&f, ERR_OK);
    assert_false(f.c.stale);
}

static void test_now_begins_a_new_cycle_with_all_its_attempts(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    for (int i = 0; i < 5; i++) {
        run(&f, ERR_UNAVAILABLE);
        if (i < 4)
            wait(&f);
    }
    assert_false(cycle_due(&f.c, f.mono, f.wall));
    cycle_now(&f.c, f.mono);
    run(&f, ERR_UNAVAILABLE);
    assert_in_range(wait(&f), 0, 1);
}

static void test_now_while_running_waits_for_the_job(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    cycle_started(&f.c);
    cycle_now(&f.c, f.mono);
    assert_false(cycle_due(&f.c, f.mono, f.wall));
    assert_true(cycle_wake(&f.c, f.mono, f.wall).ns == MONO_NEVER.ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success_is_followed_by_the_next_interval),
        cmocka_unit_test(test_passing_failures_are_retried_up_to_the_bound),
        cmocka_unit_test(test_refusal_is_not_retried_before_the_next_interval),
        cmocka_unit_test(test_now_begins_a_new_cycle_with_all_its_attempts),
        cmocka_unit_test(test_now_while_running_waits_for_the_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
