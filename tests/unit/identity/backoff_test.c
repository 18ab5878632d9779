/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/backoff.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_within(struct dur d, int64_t lo_ms, int64_t hi_ms)
{
    assert_in_range(dur_to_ms(d), lo_ms, hi_ms);
}

static void test_attempt_doubles_with_jitter_up_to_a_minute(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 1);
    static const int64_t full_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (unsigned n = 1; n <= 8; n++)
        for (int i = 0; i < 100; i++)
            assert_within(backoff_attempt(n, &dice.entropy), full_s[n - 1] * 500,
                          full_s[n - 1] * 1000);
    assert_within(backoff_attempt(UINT32_MAX, &dice.entropy), 30000, 60000);
}

static void test_probe_slows_down_as_the_outage_lasts(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 2);
    for (int i = 0; i < 100; i++) {
        assert_within(backoff_probe(dur_s(0), &dice.entropy), 9000, 11000);
        assert_within(backoff_probe(dur_s(299), &dice.entropy), 9000, 11000);
        assert_within(backoff_probe(dur_s(300), &dice.entropy), 27000, 33000);
        assert_within(backoff_probe(dur_s(3600), &dice.entropy), 54000, 66000);
    }
}

static void test_refused_waits_some_minutes_and_spreads(void **state)
{
    (void)state;
    struct fake_entropy dice;
    fake_entropy_init(&dice, 2);
    int64_t lo = INT64_MAX, hi = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t ms = dur_to_ms(backoff_refused(&dice.entropy));
        lo = ms < lo ? ms : lo;
        hi = ms > hi ? ms : hi;
    }
    assert_in_range(lo, 270000, 275000);
    assert_in_range(hi, 325000, 330000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempt_doubles_with_jitter_up_to_a_minute),
        cmocka_unit_test(test_probe_slows_down_as_the_outage_lasts),
        cmocka_unit_test(test_refused_waits_some_minutes_and_spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
