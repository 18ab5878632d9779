/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/turn.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

struct world {
    struct fake_clock clock;
    struct ctx ctx;
    struct turn *turn;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->clock, "2026-01-02T03:04:05Z");
    w->ctx = (struct ctx){.clock = &w->clock.clock, .deadline = MONO_NEVER};
    assert_ok(turn_new(&w->turn));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    turn_free(w->turn);
    free(w);
    return 0;
}

static void test_wait_when_ended_returns_at_once_for_everybody(void **state)
{
    struct world *w = *state;
    turn_end(w->turn, NULL);
    assert_ok(turn_wait(w->turn, &w->ctx));
    assert_ok(turn_wait(w->turn, &w->ctx));
    assert_ok(turn_outcome(w->turn));
}

static void test_wait_when_the_deadline_passes_times_out(void **state)
{
    struct world *w = *state;
    struct ctx late = ctx_until(&w->ctx, dur_s(1));
    fake_clock_advance(&w->clock, dur_s(2));
    assert_fails(turn_wait(w->turn, &late), ERR_TIMEOUT, "timed out");
}

static void test_outcome_when_failed_is_a_copy_for_each(void **state)
{
    struct world *w = *state;
    CLEANUP(err_freep)
    struct err *e = err_set_hint(err_new(ERR_UNTRUSTED, "not the one"), "Look again.");
    turn_end(w->turn, e);
    for (int i = 0; i < 2; i++) {
        struct err *copy = turn_outcome(w->turn);
        assert_int_equal(err_code(copy), ERR_UNTRUSTED);
        assert_string_equal(err_hint(copy), "Look again.");
        assert_fails(copy, ERR_UNTRUSTED, "not the one");
    }
}

static void test_outcome_when_only_the_doer_ran_out_of_time_is_no_failure_of_others(void **state)
{
    struct world *w = *state;
    CLEANUP(err_freep) struct err *e = err_new(ERR_TIMEOUT, "timed out");
    turn_end(w->turn, e);
    assert_ok(turn_outcome(w->turn));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wait_when_ended_returns_at_once_for_everybody),
        TEST(test_wait_when_the_deadline_passes_times_out),
        TEST(test_outcome_when_failed_is_a_copy_for_each),
        TEST(test_outcome_when_only_the_doer_ran_out_of_time_is_no_failure_of_others),
    };
    return cmocka_run_group_tests_name("transport/turn", tests, NULL, NULL);
}
