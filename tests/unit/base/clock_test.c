/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

static void test_never_stays_never(void **state)
{
    (void)state;
    assert_int_equal(mono_add(MONO_NEVER, dur_s(-5)).ns, INT64_MAX);
    assert_int_equal(wall_add(WALL_NEVER, dur_s(5)).ns, INT64_MAX);
    assert_int_equal(mono_diff(MONO_NEVER, (struct mono){5}).ns, INT64_MAX);
}

static void test_arithmetic_saturates(void **state)
{
    (void)state;
    assert_int_equal(mono_add((struct mono){INT64_MAX - 1}, dur_s(1)).ns, INT64_MAX);
    assert_int_equal(wall_add((struct wall){INT64_MIN + 1}, dur_s(-1)).ns, INT64_MIN);
    assert_int_equal(wall_diff((struct wall){INT64_MIN}, (struct wall){1}).ns, INT64_MIN);
    assert_int_equal(wall_diff((struct wall){INT64_MAX - 1}, (struct wall){-5}).ns, INT64_MAX);
    assert_int_equal(mono_add((struct mono){7}, (struct dur){-3}).ns, 4);
    assert_int_equal(mono_diff((struct mono){7}, (struct mono){9}).ns, -2);
}

static void test_calendar_of_a_moment_before_and_after(void **state)
{
    (void)state;
    struct now now = {{dur_s(1000).ns}, {dur_s(5000).ns}};
    assert_true(wall_at(now, (struct mono){dur_s(1020).ns}).ns == dur_s(5020).ns);
    assert_true(wall_at(now, (struct mono){dur_s(900).ns}).ns == dur_s(4900).ns);
    assert_true(wall_at(now, MONO_NEVER).ns == WALL_NONE.ns);
}

static void assert_wall(int64_t ns, bool millis, const char *wanted)
{
    char out[RFC3339_SIZE];
    assert_string_equal(wall_format((struct wall){ns}, millis, out), wanted);
}

static void test_wall_is_written_in_rfc3339(void **state)
{
    (void)state;
    assert_wall(0, false, "1970-01-01T00:00:00Z");
    assert_wall(INT64_C(1767323045678999999), true, "2026-01-02T03:04:05.678Z");
    assert_wall(INT64_C(1767323045678999999), false, "2026-01-02T03:04:05Z");
    assert_wall(-1, true, "1969-12-31T23:59:59.999Z");
    assert_wall(INT64_MAX, false, "2262-04-11T23:47:16Z");
}

static void test_system_clocks_go_forward(void **state)
{
    (void)state;
    struct now a = clock_now(clock_system()), b = clock_now(clock_system());
    assert_false(mono_before(b.mono, a.mono));
    assert_true(wall_before(wall_of_unix(1700000000), a.wall));
}

static void test_fake_clock_moves_when_told(void **state)
{
    (void)state;
    struct fake_clock f;
    fake_clock_init(&f, "2026-01-02T03:04:05Z");
    struct now before = clock_now(&f.clock);
    assert_wall(before.wall.ns, false, "2026-01-02T03:04:05Z");
    fake_clock_advance(&f, dur_s(5));
    fake_clock_jump_wall(&f, dur_s(-60));
    struct now after = clock_now(&f.clock);
    assert_int_equal(mono_diff(after.mono, before.mono).ns, dur_s(5).ns);
    assert_int_equal(wall_diff(after.wall, before.wall).ns, dur_s(-55).ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_stays_never),
        cmocka_unit_test(test_arithmetic_saturates),
        cmocka_unit_test(test_calendar_of_a_moment_before_and_after),
        cmocka_unit_test(test_wall_is_written_in_rfc3339),
        cmocka_unit_test(test_system_clocks_go_forward),
        cmocka_unit_test(test_fake_clock_moves_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
