/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "tests/support/assert_err.h"

static void test_parse_knows_gos_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"+0", 0},
        {"0s", 0},
        {"90s", INT64_C(90000000000)},
        {"1h30m", INT64_C(5400000000000)},
        {"1.5h", INT64_C(5400000000000)},
        {".5s", 500000000},
        {"1.s", 1000000000},
        {"250ms", 250000000},
        {"7us", 7000},
        {"7\xc2\xb5s", 7000},
        {"7\xce\xbcs", 7000},
        {"7ns", 7},
        {"-1m", INT64_C(-60000000000)},
        {"1m1m", INT64_C(120000000000)},
        {"0.1234567891s", 123456000},
        {"2562047h", INT64_C(9223369200000000000)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dur d = {-77};
        assert_ok(dur_parse(cases[i].text, &d));
        assert_int_equal(d.ns, cases[i].ns);
    }
}

static void test_parse_refuses_what_go_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    "-",   "5",   "h",    ".",    ".h",   "1d",       "1 h",
        " 1h", "1h ", "1hm", "--1h", "1,5h", "1e3s", "2562048h", "99999999999999999999s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dur d = {5};
        struct err *e = dur_parse(bad[i], &d);
        if (err_code(e) != ERR_CONFIG || !err_hint(e) || d.ns != 5)
            fail_msg("'%s' was not refused as it should", bad[i]);
        err_free(e);
    }
}

static void test_format_says_what_a_person_wants(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1500, "1us"},
        {250000000, "250ms"},
        {1000000000, "1s"},
        {1500000000, "1.5s"},
        {INT64_C(59999000000), "59s"},
        {INT64_C(1180000000000), "19m40s"},
        {INT64_C(3600000000000), "1h"},
        {INT64_C(3605000000000), "1h"},
        {INT64_C(5400000000000), "1h30m"},
        {INT64_C(273600000000000), "3d4h"},
        {INT64_C(-90000000000), "-1m30s"},
        {INT64_MIN, "-106751d23h"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[DUR_SIZE];
        assert_string_equal(dur_format((struct dur){cases[i].ns}, out), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_knows_gos_durations),
        cmocka_unit_test(test_parse_refuses_what_go_refuses),
        cmocka_unit_test(test_format_says_what_a_person_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
