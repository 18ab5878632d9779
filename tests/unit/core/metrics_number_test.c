/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/core/metrics_number.h"

#include "tests/support/assert_err.h"

#include <math.h>

static void test_number_is_short_and_reads_back_as_itself(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *wanted;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-17, "-17"},
        {1767323045, "1767323045"},
        {9007199254740992.0, "9007199254740992"},
        {0.1, "0.1"},
        {1800000000.5, "1800000000.5"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e300, "1e+300"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {NAN, "NaN"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[METRICS_NUMBER_SIZE];
        assert_string_equal(metrics_number(cases[i].v, out), cases[i].wanted);
        if (isfinite(cases[i].v))
            assert_true(strtod(out, NULL) == cases[i].v);
    }
}

static void test_whole_are_those_an_integer_holds(void **state)
{
    (void)state;
    assert_true(metrics_is_whole(3));
    assert_true(metrics_is_whole(-9007199254740992.0));
    assert_false(metrics_is_whole(0.5));
    assert_false(metrics_is_whole(1e17));
    assert_false(metrics_is_whole(INFINITY));
    assert_false(metrics_is_whole(NAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_is_short_and_reads_back_as_itself),
        cmocka_unit_test(test_whole_are_those_an_integer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
