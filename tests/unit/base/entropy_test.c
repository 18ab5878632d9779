/* SPDX-License-Identifier: Apache-2.0 */
#include "base/entropy.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_entropy.h"

static struct fake_entropy dice;

static int setup(void **state)
{
    (void)state;
    fake_entropy_init(&dice, 7);
    return 0;
}

static void test_below_covers_its_range_evenly(void **state)
{
    (void)state;
    int seen[10] = {0};
    for (int i = 0; i < 10000; i++)
        seen[entropy_below(&dice.entropy, 10)]++;
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 850, 1150);
    assert_int_equal(entropy_below(&dice.entropy, 0), 0);
    assert_int_equal(entropy_below(&dice.entropy, 1), 0);
}

static void test_below_draws_again_where_the_rest_would_be_uneven(void **state)
{
    (void)state;
    /* 2^64 mod 10 is 6: 5 is drawn again, 6 is good. */
    static const uint64_t script[] = {5, 6, 17};
    fake_entropy_script(&dice, script, 3);
    assert_int_equal(entropy_below(&dice.entropy, 10), 6);
    assert_int_equal(dice.script_len, 1);
}

static void test_between_includes_both_ends(void **state)
{
    (void)state;
    bool low = false, high = false;
    for (int i = 0; i < 1000; i++) {
        int64_t ns = entropy_between(&dice.entropy, (struct dur){-2}, (struct dur){2}).ns;
        assert_true(ns >= -2 && ns <= 2);
        low |= ns == -2;
        high |= ns == 2;
    }
    assert_true(low && high);
    assert_int_equal(entropy_between(&dice.entropy, (struct dur){9}, (struct dur){3}).ns, 9);
}

static void test_between_the_extremes_does_not_overflow(void **state)
{
    (void)state;
    static const uint64_t script[] = {UINT64_MAX - 1};
    fake_entropy_script(&dice, script, 1);
    struct dur d = entropy_between(&dice.entropy, (struct dur){INT64_MIN}, (struct dur){INT64_MAX});
    assert_int_equal(d.ns, INT64_MAX - 1);
}

static void test_same_seed_gives_the_same_and_the_system_does_not(void **state)
{
    (void)state;
    struct fake_entropy again;
    uint8_t a[37], b[37];
    fake_entropy_init(&again, 7);
    entropy_fill(&dice.entropy, a, sizeof(a));
    entropy_fill(&again.entropy, b, sizeof(b));
    assert_memory_equal(a, b, sizeof(a));
    entropy_fill(entropy_system(), a, sizeof(a));
    entropy_fill(entropy_system(), b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_below_covers_its_range_evenly),
        TEST(test_below_draws_again_where_the_rest_would_be_uneven),
        TEST(test_between_includes_both_ends),
        TEST(test_between_the_extremes_does_not_overflow),
        TEST(test_same_seed_gives_the_same_and_the_system_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
