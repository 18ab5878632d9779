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
    cycle_started(&f->c, f->mono);
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

/* The machine slept over the job: what was issued before that is old when it is written. */
static void test_success_counts_from_when_the_job_began(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    struct validity v = {wall_add(f.wall, dur_s(-60)), wall_add(f.wall, dur_s(3600))};
    cycle_started(&f.c, f.mono);
    f.mono = mono_add(f.mono, dur_s(600));
    f.wall = wall_add(f.wall, dur_s(600));
    cycle_done(&f.c, ERR_OK, v, f.mono, f.wall);
    assert_in_range(wait(&f), 360, 600);
}

/* A rotation that is noticed while an output asks for its certificates is not in them. */
static void test_asking_while_it_runs_is_not_forgotten(void **state)
{
    static const enum err_code codes[] = {ERR_OK, ERR_UNAVAILABLE, ERR_DENIED};
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct fixture f;
        setup(&f);
        cycle_started(&f.c, f.mono);
        cycle_now(&f.c, f.mono);
        assert_false(cycle_due(&f.c, f.mono, f.wall));
        struct validity v = {wall_add(f.wall, dur_s(-60)), wall_add(f.wall, dur_s(3600))};
        cycle_done(&f.c, codes[i], v, f.mono, f.wall);
        assert_int_equal(wait(&f), 0);
        run(&f, ERR_OK);
        assert_in_range(wait(&f), 960, 1200);
    }
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
    cycle_started(&f.c, f.mono);
    cycle_now(&f.c, f.mono);
    assert_false(cycle_due(&f.c, f.mono, f.wall));
    assert_true(cycle_wake(&f.c, f.mono, f.wall).ns == MONO_NEVER.ns);
}

static void pass(struct fixture *f, struct dur d)
{
    f->mono = mono_add(f->mono, d);
    f->wall = wall_add(f->wall, d);
}

static void test_held_cycle_is_not_due_and_turns_stale_with_its_renewal(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_OK);
    cycle_hold(&f.c);
    pass(&f, dur_s(900));
    assert_false(cycle_lapse(&f.c, f.mono, f.wall));
    assert_false(f.c.stale);
    assert_in_range(wait(&f), 60, 300);
    assert_false(cycle_due(&f.c, f.mono, f.wall));
    assert_true(cycle_lapse(&f.c, f.mono, f.wall));
    assert_true(f.c.stale);
    assert_false(cycle_lapse(&f.c, f.mono, f.wall)); /* told once */
    assert_true(cycle_wake(&f.c, f.mono, f.wall).ns == MONO_NEVER.ns);
}

static void test_release_begins_what_fell_due_within_a_moment(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_OK);
    cycle_hold(&f.c);
    pass(&f, dur_s(2000));
    assert_true(cycle_lapse(&f.c, f.mono, f.wall));
    pass(&f, dur_s(5000));
    cycle_release(&f.c, f.mono, f.wall);
    struct mono released = f.mono;
    cycle_soon(&f.c, f.mono, f.wall); /* it is stale too */
    wait(&f);
    assert_in_range(dur_to_ms(mono_diff(f.mono, released)), 0, 250);
    run(&f, ERR_UNAVAILABLE); /* with all its attempts */
    assert_in_range(wait(&f), 0, 1);
    run(&f, ERR_OK);
    assert_false(f.c.stale);
}

static void test_release_spreads_many(void **state)
{
    (void)state;
    struct fixture f;
    int early = 0, late = 0;
    setup(&f);
    for (int i = 0; i < 100; i++) {
        struct cycle c = f.c;
        cycle_hold(&c);
        cycle_release(&c, f.mono, f.wall);
        int64_t ms = dur_to_ms(mono_diff(cycle_wake(&c, f.mono, f.wall), f.mono));
        early += ms < 60;
        late += ms > 190;
    }
    assert_true(early > 5 && late > 5);
}

static void test_release_leaves_a_plan_that_is_not_due(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_OK);
    cycle_hold(&f.c);
    pass(&f, dur_s(600));
    cycle_release(&f.c, f.mono, f.wall);
    assert_in_range(wait(&f), 360, 600);
}

static void test_cycle_held_between_its_attempts_ends_in_vain(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    cycle_started(&f.c, f.mono);
    cycle_hold(&f.c); /* while the job runs */
    cycle_done(&f.c, ERR_UNAVAILABLE, (struct validity){0}, f.mono, f.wall);
    assert_false(f.c.stale);
    assert_in_range(wait(&f), 0, 1);
    assert_true(cycle_lapse(&f.c, f.mono, f.wall));
}

static void test_soon_begins_a_stale_cycle_within_a_moment(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_DENIED);
    cycle_soon(&f.c, f.mono, f.wall);
    struct mono at = cycle_wake(&f.c, f.mono, f.wall);
    assert_in_range(dur_to_ms(mono_diff(at, f.mono)), 0, 250);
    cycle_soon(&f.c, f.mono, f.wall);
    assert_true(cycle_wake(&f.c, f.mono, f.wall).ns == at.ns); /* not put off by a second call */
}

static void test_soon_leaves_a_cycle_alone_that_is_not_stale(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    run(&f, ERR_OK);
    cycle_soon(&f.c, f.mono, f.wall);
    assert_in_range(wait(&f), 960, 1200);
}

/* An attempt hangs while the cluster comes back, or is refused with an identity that has just been
 * replaced: how it ends says nothing of how things are now. */
static void test_soon_while_running_begins_anew_after_a_failure(void **state)
{
    (void)state;
    static const enum err_code codes[] = {ERR_TIMEOUT, ERR_EXPIRED};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct fixture f;
        setup(&f);
        f.c.failures = 4;
        cycle_started(&f.c, f.mono);
        cycle_soon(&f.c, f.mono, f.wall);
        cycle_done(&f.c, codes[i], (struct validity){WALL_NONE, WALL_NONE}, f.mono, f.wall);
        assert_false(f.c.stale);
        assert_in_range(dur_to_ms(mono_diff(cycle_wake(&f.c, f.mono, f.wall), f.mono)), 0, 250);
        for (int attempt = 1; attempt <= 5; attempt++) {
            assert_false(f.c.stale);
            wait(&f);
            run(&f, ERR_TIMEOUT);
        }
        assert_true(f.c.stale);
    }
}

static void test_soon_while_running_is_done_by_a_success(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    cycle_started(&f.c, f.mono);
    cycle_soon(&f.c, f.mono, f.wall);
    cycle_done(&f.c, ERR_OK,
               (struct validity){wall_add(f.wall, dur_s(-60)), wall_add(f.wall, dur_s(3600))},
               f.mono, f.wall);
    assert_in_range(wait(&f), 960, 1200);
    run(&f, ERR_DENIED);
    assert_true(f.c.stale);
}

static void test_one_pass_retries_as_long_as_it_may(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.c.config.attempts = 1;
    f.c.config.at_least_until = mono_add(f.mono, dur_s(120));
    struct mono begin = f.mono;
    int attempts = 0;
    for (; !f.c.has_ended; attempts++) {
        run(&f, ERR_UNAVAILABLE);
        if (!f.c.has_ended)
            wait(&f);
        assert_true(mono_diff(f.mono, begin).ns < dur_s(120).ns);
    }
    assert_in_range(attempts, 7, 10);
    assert_true(f.c.stale);
}

static void test_one_pass_does_not_retry_a_refusal(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.c.config.attempts = 1;
    f.c.config.at_least_until = mono_add(f.mono, dur_s(120));
    run(&f, ERR_DENIED);
    assert_true(f.c.has_ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success_is_followed_by_the_next_interval),
        cmocka_unit_test(test_success_counts_from_when_the_job_began),
        cmocka_unit_test(test_asking_while_it_runs_is_not_forgotten),
        cmocka_unit_test(test_passing_failures_are_retried_up_to_the_bound),
        cmocka_unit_test(test_refusal_is_not_retried_before_the_next_interval),
        cmocka_unit_test(test_now_begins_a_new_cycle_with_all_its_attempts),
        cmocka_unit_test(test_now_while_running_waits_for_the_job),
        cmocka_unit_test(test_held_cycle_is_not_due_and_turns_stale_with_its_renewal),
        cmocka_unit_test(test_release_begins_what_fell_due_within_a_moment),
        cmocka_unit_test(test_release_spreads_many),
        cmocka_unit_test(test_release_leaves_a_plan_that_is_not_due),
        cmocka_unit_test(test_cycle_held_between_its_attempts_ends_in_vain),
        cmocka_unit_test(test_soon_begins_a_stale_cycle_within_a_moment),
        cmocka_unit_test(test_soon_leaves_a_cycle_alone_that_is_not_stale),
        cmocka_unit_test(test_soon_while_running_begins_anew_after_a_failure),
        cmocka_unit_test(test_soon_while_running_is_done_by_a_success),
        cmocka_unit_test(test_one_pass_retries_as_long_as_it_may),
        cmocka_unit_test(test_one_pass_does_not_retry_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
