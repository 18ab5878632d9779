/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_plan.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

static const struct mono begin = {1000000000};

struct world {
    struct hook_plan plan;
    struct fake_entropy dice;
    struct mono now;
    unsigned runs;
};

static struct world wanted(void)
{
    struct world w = {.now = begin};
    fake_entropy_init(&w.dice, 7);
    hook_plan_want(&w.plan, w.now);
    return w;
}

/* Goes to the next run and does it, which takes a second. */
static void run(struct world *w, bool is_ok)
{
    w->now = mono_add(hook_plan_wake(&w->plan), dur_s(1));
    hook_plan_started(&w->plan);
    w->runs++;
    hook_plan_ended(&w->plan, is_ok, true, w->now, &w->dice.entropy);
}

static bool is_idle(const struct world *w)
{
    return hook_plan_wake(&w->plan).ns == MONO_NEVER.ns && !hook_plan_is_busy(&w->plan);
}

static void test_nothing_is_planned_at_first(void **state)
{
    (void)state;
    struct world w = {.now = begin};
    assert_true(is_idle(&w));
}

static void test_change_runs_it_at_once_and_once(void **state)
{
    (void)state;
    struct world w = wanted();
    assert_int_equal(hook_plan_wake(&w.plan).ns, begin.ns);
    run(&w, true);
    assert_true(is_idle(&w));
}

static void test_failures_are_retried_slower_and_a_bounded_number_of_times(void **state)
{
    (void)state;
    struct world w = wanted();
    struct dur last = {0};
    while (!is_idle(&w)) {
        run(&w, false);
        assert_true(w.runs <= HOOK_PLAN_ATTEMPTS);
        if (is_idle(&w))
            break;
        struct dur pause = mono_diff(hook_plan_wake(&w.plan), w.now);
        assert_true(pause.ns > last.ns && pause.ns <= dur_s(1 << (w.runs - 1)).ns);
        last = pause;
    }
    assert_int_equal(w.runs, HOOK_PLAN_ATTEMPTS);
}

static void test_success_after_failures_ends_it(void **state)
{
    (void)state;
    struct world w = wanted();
    run(&w, false);
    run(&w, true);
    assert_true(is_idle(&w));
    assert_int_equal(w.plan.failures, 0);
}

static void test_failure_that_cannot_pass_is_not_retried(void **state)
{
    (void)state;
    struct world w = wanted();
    hook_plan_started(&w.plan);
    hook_plan_ended(&w.plan, false, false, w.now, &w.dice.entropy);
    assert_true(is_idle(&w));
}

static void test_changes_while_it_runs_make_one_run_more(void **state)
{
    (void)state;
    struct world w = wanted();
    hook_plan_started(&w.plan);
    for (int i = 0; i < 3; i++)
        hook_plan_want(&w.plan, w.now);
    assert_int_equal(hook_plan_wake(&w.plan).ns, MONO_NEVER.ns); /* not beside it */
    assert_true(hook_plan_is_busy(&w.plan));
    hook_plan_ended(&w.plan, true, true, w.now, &w.dice.entropy);
    assert_int_equal(hook_plan_wake(&w.plan).ns, w.now.ns);
    run(&w, true);
    assert_true(is_idle(&w));
}

static void test_change_while_a_retry_waits_begins_anew(void **state)
{
    (void)state;
    struct world w = wanted();
    for (int i = 0; i < HOOK_PLAN_ATTEMPTS - 1; i++)
        run(&w, false);
    hook_plan_want(&w.plan, w.now);
    assert_int_equal(hook_plan_wake(&w.plan).ns, w.now.ns);
    run(&w, false);
    assert_false(is_idle(&w));
    assert_int_equal(w.plan.failures, 1);
}

static void test_stop_begins_nothing_more(void **state)
{
    (void)state;
    struct world w = wanted();
    hook_plan_started(&w.plan);
    hook_plan_want(&w.plan, w.now);
    hook_plan_stop(&w.plan);
    hook_plan_ended(&w.plan, true, true, w.now, &w.dice.entropy);
    assert_true(is_idle(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_planned_at_first),
        cmocka_unit_test(test_change_runs_it_at_once_and_once),
        cmocka_unit_test(test_failures_are_retried_slower_and_a_bounded_number_of_times),
        cmocka_unit_test(test_success_after_failures_ends_it),
        cmocka_unit_test(test_failure_that_cannot_pass_is_not_retried),
        cmocka_unit_test(test_changes_while_it_runs_make_one_run_more),
        cmocka_unit_test(test_change_while_a_retry_waits_begins_anew),
        cmocka_unit_test(test_stop_begins_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
