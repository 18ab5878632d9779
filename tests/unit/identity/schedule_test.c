/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/schedule.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define T0 1767225600

static const struct mono mono0 = {5000000000};

/* A certificate of an hour, issued at T0. */
static struct validity hour(void)
{
    return (struct validity){wall_of_unix(T0 - 60), wall_of_unix(T0 + 3600)};
}

static struct now now0(void)
{
    return (struct now){mono0, wall_of_unix(T0)};
}

static int64_t wait_s(const struct schedule *s)
{
    return dur_to_s(mono_diff(s->renew_mono, mono0));
}

static void test_issued_lies_in_the_last_fifth_of_the_interval(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    int64_t lo = INT64_MAX, hi = 0;
    for (int i = 0; i < 1000; i++) {
        struct schedule s = schedule_issued(hour(), dur_s(1200), mono0, now0(), &dice.entropy);
        assert_in_range(wait_s(&s), 960, 1200);
        lo = wait_s(&s) < lo ? wait_s(&s) : lo;
        hi = wait_s(&s) > hi ? wait_s(&s) : hi;
    }
    assert_true(hi - lo > 200); /* a fleet spreads out */
}

static void test_issued_leaves_a_quarter_of_a_short_life(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    struct schedule s = schedule_issued(hour(), dur_s(7200), mono0, now0(), &dice.entropy);
    assert_int_equal(wait_s(&s), 2700);
}

static void test_issued_with_a_clock_years_off_neither_storms_nor_sleeps(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    static const int64_t offsets[] = {-3 * 365 * 86400LL, 3 * 365 * 86400LL};
    for (int i = 0; i < 2; i++) {
        struct wall ours = wall_of_unix(T0 + offsets[i]);
        struct schedule s =
            schedule_issued(hour(), dur_s(1200), mono0, (struct now){mono0, ours}, &dice.entropy);
        assert_false(schedule_due(&s, mono0, ours));
        assert_true(schedule_due(&s, mono_add(mono0, dur_s(1200)), wall_add(ours, dur_s(1200))));
    }
}

static void test_issued_counts_from_when_it_was_asked_for(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    struct mono asked = mono_add(mono0, dur_s(-600));
    struct schedule s = schedule_issued(hour(), dur_s(1200), asked, now0(), &dice.entropy);
    assert_in_range(wait_s(&s), 360, 600);
    asked = mono_add(mono0, dur_s(-36000)); /* the machine slept over it */
    s = schedule_issued(hour(), dur_s(1200), asked, now0(), &dice.entropy);
    assert_true(schedule_due(&s, mono0, now0().wall));
}

static void test_loaded_counts_from_its_own_dates(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    struct schedule s =
        schedule_loaded(hour(), dur_s(1200), mono0, wall_of_unix(T0 + 600), &dice.entropy);
    assert_in_range(wait_s(&s), 360, 600);
    s = schedule_loaded(hour(), dur_s(1200), mono0, wall_of_unix(T0 + 1201), &dice.entropy);
    assert_true(schedule_due(&s, mono0, wall_of_unix(T0 + 1201)));
}

static void test_due_by_whichever_clock_comes_first(void **state)
{
    (void)state;
    struct schedule s = {mono_add(mono0, dur_s(100)), wall_of_unix(T0 + 100)};
    assert_false(schedule_due(&s, mono_add(mono0, dur_s(99)), wall_of_unix(T0 + 99)));
    assert_true(schedule_due(&s, mono_add(mono0, dur_s(100)), wall_of_unix(T0 - 5000)));
    assert_true(schedule_due(&s, mono0, wall_of_unix(T0 + 100)));
    struct mono wake = schedule_wake(&s, mono0, wall_of_unix(T0 + 90));
    assert_int_equal(dur_to_s(mono_diff(wake, mono0)), 10);
}

static void test_tight_in_the_last_quarter(void **state)
{
    (void)state;
    assert_false(schedule_is_tight(hour(), wall_of_unix(T0 + 2690)));
    assert_true(schedule_is_tight(hour(), wall_of_unix(T0 + 2710)));
}

static void test_calendar_names_the_planned_moment(void **state)
{
    (void)state;
    const struct now now = {mono0, wall_of_unix(T0)};
    const struct schedule both = {mono_add(mono0, dur_s(100)), wall_of_unix(T0 + 90)};
    const struct schedule soon = {mono_add(mono0, dur_s(100)), WALL_NEVER};
    const struct schedule never = {MONO_NEVER, WALL_NEVER};
    assert_int_equal(schedule_calendar(&both, now).ns, wall_of_unix(T0 + 90).ns);
    assert_int_equal(schedule_calendar(&soon, now).ns, wall_of_unix(T0 + 100).ns);
    assert_int_equal(schedule_calendar(&never, now).ns, WALL_NONE.ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_issued_lies_in_the_last_fifth_of_the_interval),
        cmocka_unit_test(test_issued_leaves_a_quarter_of_a_short_life),
        cmocka_unit_test(test_issued_with_a_clock_years_off_neither_storms_nor_sleeps),
        cmocka_unit_test(test_issued_counts_from_when_it_was_asked_for),
        cmocka_unit_test(test_loaded_counts_from_its_own_dates),
        cmocka_unit_test(test_due_by_whichever_clock_comes_first),
        cmocka_unit_test(test_calendar_names_the_planned_moment),
        cmocka_unit_test(test_tight_in_the_last_quarter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
