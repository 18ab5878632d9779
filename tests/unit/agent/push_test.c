/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

static struct mono at(int64_t s)
{
    return (struct mono){dur_s(s).ns};
}

static int64_t seconds_until(const struct push *p, struct mono from)
{
    return dur_to_s(mono_diff(p->next, from));
}

static void test_first_push_is_at_random_within_one_interval(void **state)
{
    (void)state;
    struct fake_entropy dice;
    bool is_early = false, is_late = false;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct push p;
        fake_entropy_init(&dice, seed);
        push_init(&p, dur_s(30), &dice.entropy, at(1000));
        int64_t s = seconds_until(&p, at(1000));
        assert_in_range(s, 0, 30);
        is_early |= s < 10;
        is_late |= s > 20;
    }
    assert_true(is_early && is_late);
}

static void test_pushes_that_succeed_keep_the_interval(void **state)
{
    (void)state;
    struct fake_entropy dice;
    struct push p;
    fake_entropy_init(&dice, 7);
    push_init(&p, dur_s(30), &dice.entropy, at(0));
    assert_int_equal(push_ended(&p, true, at(100), at(103)), PUSH_NO_NEWS);
    assert_int_equal(p.next.ns, at(130).ns); /* from its begin: what it took does not add up */
    assert_int_equal(push_ended(&p, true, at(130), at(170)), PUSH_NO_NEWS);
    assert_int_equal(p.next.ns, at(170).ns); /* never in the past */
}

static void test_failures_double_the_pause_up_to_ten_minutes(void **state)
{
    (void)state;
    static const int64_t wanted[] = {30, 60, 120, 240, 480, 600, 600, 600};
    struct fake_entropy dice;
    struct push p;
    fake_entropy_init(&dice, 7);
    push_init(&p, dur_s(30), &dice.entropy, at(0));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        push_ended(&p, false, at(1000), at(1001));
        assert_in_range(seconds_until(&p, at(1000)), wanted[i] * 9 / 10 - 1, wanted[i] * 11 / 10);
    }
    push_ended(&p, true, at(2000), at(2001));
    assert_int_equal(p.next.ns, at(2030).ns);
    for (int i = 0; i < 100; i++)
        push_ended(&p, false, at(3000), at(3001));
    assert_in_range(seconds_until(&p, at(3000)), 539, 660);
}

static void test_interval_above_ten_minutes_stays(void **state)
{
    (void)state;
    struct fake_entropy dice;
    struct push p;
    fake_entropy_init(&dice, 7);
    push_init(&p, dur_s(3600), &dice.entropy, at(0));
    for (int i = 0; i < 5; i++)
        push_ended(&p, false, at(1000), at(1001));
    assert_in_range(seconds_until(&p, at(1000)), 3239, 3960);
}

static void test_change_is_news_once(void **state)
{
    (void)state;
    static const struct {
        bool is_ok;
        enum push_news news;
    } story[] = {{true, PUSH_NO_NEWS},  {false, PUSH_LOST},   {false, PUSH_NO_NEWS},
                 {true, PUSH_RETURNED}, {true, PUSH_NO_NEWS}, {false, PUSH_LOST}};
    struct fake_entropy dice;
    struct push p;
    fake_entropy_init(&dice, 7);
    push_init(&p, dur_s(30), &dice.entropy, at(0));
    for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
        assert_int_equal(push_ended(&p, story[i].is_ok, at(0), at(1)), story[i].news);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_push_is_at_random_within_one_interval),
        cmocka_unit_test(test_pushes_that_succeed_keep_the_interval),
        cmocka_unit_test(test_failures_double_the_pause_up_to_ten_minutes),
        cmocka_unit_test(test_interval_above_ten_minutes_stays),
        cmocka_unit_test(test_change_is_news_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
