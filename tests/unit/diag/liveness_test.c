/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/liveness.h"

#include "tests/support/assert_err.h"

static struct mono at(int64_t s)
{
    return (struct mono){dur_s(s).ns};
}

static void test_stalled_only_past_the_limit(void **state)
{
    (void)state;
    struct liveness l = {.ticked = at(100), .stall = dur_s(60)};
    assert_int_equal(liveness_stalled(&l, at(100)).ns, 0);
    assert_int_equal(liveness_stalled(&l, at(160)).ns, 0);
    assert_int_equal(dur_to_s(liveness_stalled(&l, at(161))), 61);
}

static void test_ticks_are_several_times_as_frequent_as_the_limit(void **state)
{
    (void)state;
    struct liveness l = {.ticked = at(100), .stall = dur_s(60)};
    assert_int_equal(liveness_next_tick(&l).ns, at(115).ns);
}

static void test_without_a_limit_never_stalled_and_no_tick(void **state)
{
    (void)state;
    struct liveness l = {.ticked = at(100)};
    assert_int_equal(liveness_stalled(&l, at(1000000)).ns, 0);
    assert_int_equal(liveness_next_tick(&l).ns, MONO_NEVER.ns);
}

/* Which of the two the loop turns to first is luck. */
static void test_stall_is_told_of_for_a_second_after_the_tick(void **state)
{
    (void)state;
    struct liveness l = {.ticked = at(100), .stall = dur_s(60)};
    liveness_tick(&l, at(115));
    assert_int_equal(liveness_stalled(&l, at(115)).ns, 0);
    liveness_tick(&l, at(180));
    assert_int_equal(dur_to_s(liveness_stalled(&l, at(180))), 65);
    liveness_tick(&l, at(181));
    assert_int_equal(liveness_stalled(&l, at(181)).ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stalled_only_past_the_limit),
        cmocka_unit_test(test_ticks_are_several_times_as_frequent_as_the_limit),
        cmocka_unit_test(test_stall_is_told_of_for_a_second_after_the_tick),
        cmocka_unit_test(test_without_a_limit_never_stalled_and_no_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
