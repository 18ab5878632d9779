/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/skew.h"

#include "tests/support/assert_err.h"

/* 2026-01-02T03:04:05Z, and what the boot clock says then. */
#define WALL_S 1767323045
#define MONO_S 1000

/* Now, `s` seconds after the start of a test, with our calendar off by `ahead`. */
static struct now at(int64_t s, int64_t ahead)
{
    return (struct now){{dur_s(MONO_S + s).ns}, wall_of_unix(WALL_S + s + ahead)};
}

static struct mono mono_at(int64_t ms)
{
    return (struct mono){dur_s(MONO_S).ns + dur_ms(ms).ns};
}

/* The cluster's clock showed WALL_S + `shown_s`, between two moments in ms. */
static struct skew_reading reading(int64_t shown_s, int64_t asked_ms, int64_t answered_ms)
{
    return (struct skew_reading){wall_of_unix(WALL_S + shown_s), mono_at(asked_ms),
                                 mono_at(answered_ms), true};
}

static struct dur skew_at(const struct skew *s, struct now now)
{
    struct dur skew = {-1}, uncertainty;
    assert_true(skew_get(s, now, &skew, &uncertainty));
    return skew;
}

static void test_skew_is_not_known_before_a_reading(void **state)
{
    (void)state;
    struct skew s = {0};
    struct dur skew, uncertainty;
    assert_false(skew_get(&s, at(0, 0), &skew, &uncertainty));
    assert_int_equal(skew_tell(&s, at(0, 0)), SKEW_NOTHING);
    skew_note(&s, &(struct skew_reading){.shown = WALL_NONE});
    assert_false(skew_get(&s, at(0, 0), &skew, &uncertainty));
}

/* The reading is cut to a second and was taken at some moment of the exchange: the true skew is within
 * the uncertainty of what comes out, whichever that moment was. */
static void test_skew_is_within_its_uncertainty(void **state)
{
    (void)state;
    for (int64_t true_ms = -5000; true_ms <= 5000; true_ms += 130)
        for (int64_t moment = 0; moment <= 2000; moment += 90) {
            struct skew s = {0};
            struct dur skew, uncertainty;
            int64_t there_ms = moment + true_ms;
            int64_t shown = there_ms >= 0 ? there_ms / 1000 : -((999 - there_ms) / 1000);
            const struct skew_reading r = reading(shown, 0, 2000);
            skew_note(&s, &r);
            assert_true(skew_get(&s, at(2, 0), &skew, &uncertainty));
            assert_int_equal(dur_to_ms(uncertainty), 1500);
            int64_t off = dur_to_ms(skew) - true_ms;
            if (off > 1500 || off < -1500)
                fail_msg("true %ld ms at %ld ms: measured %ld ms", (long)true_ms, (long)moment,
                         (long)dur_to_ms(skew));
        }
}

static void test_skew_of_a_certificate_knows_that_it_begins_early(void **state)
{
    (void)state;
    struct skew s = {0};
    const struct skew_reading r =
        skew_of_certificate(wall_of_unix(WALL_S + 300 - 60), mono_at(0), mono_at(0));
    skew_note(&s, &r);
    assert_int_equal(dur_to_ms(skew_at(&s, at(0, 0))), 300500);
}

static void test_skew_follows_when_our_calendar_is_set(void **state)
{
    (void)state;
    struct skew s = {0};
    const struct skew_reading r = reading(600, 0, 0);
    skew_note(&s, &r);
    assert_int_equal(dur_to_s(skew_at(&s, at(3600, 0))), 600);
    assert_int_equal(dur_to_s(skew_at(&s, at(3600, 600))), 0);
    assert_int_equal(dur_to_ms(skew_at(&s, at(3600, 86400))), (600 - 86400) * 1000 + 500);
}

static void test_readings_that_say_less_are_left_out(void **state)
{
    (void)state;
    struct skew s = {0};
    struct skew_reading date = reading(500, 0, 0), slow = reading(400, 0, 61000);
    date.is_certificate = false;
    skew_note(&s, &date);
    assert_int_equal(dur_to_s(skew_at(&s, at(0, 0))), 500);
    const struct skew_reading good = reading(10, 10000, 10000), old = reading(99, 5000, 5000);
    skew_note(&s, &good);
    assert_int_equal(dur_to_s(skew_at(&s, at(10, 0))), 0);
    date.asked = date.answered = mono_at(20000);
    skew_note(&s, &date); /* of another clock, perhaps */
    skew_note(&s, &old);
    skew_note(&s, &slow);
    assert_int_equal(dur_to_s(skew_at(&s, at(10, 0))), 0);
}

static enum skew_news hear(struct skew *s, int64_t moment, int64_t skew)
{
    const struct skew_reading r = reading(moment + skew, moment * 1000, moment * 1000);
    skew_note(s, &r);
    return skew_tell(s, at(moment, 0));
}

static void test_a_person_is_told_once_and_again_when_it_changed_much(void **state)
{
    (void)state;
    struct skew s = {0};
    assert_int_equal(hear(&s, 0, 0), SKEW_NOTHING);
    assert_int_equal(hear(&s, 10, 60), SKEW_NOTHING); /* not certainly above */
    assert_int_equal(hear(&s, 20, 62), SKEW_OFF);
    assert_int_equal(hear(&s, 30, 63), SKEW_NOTHING);
    assert_int_equal(hear(&s, 40, 110), SKEW_NOTHING);
    assert_int_equal(hear(&s, 50, 130), SKEW_OFF);
    assert_int_equal(hear(&s, 60, -130), SKEW_OFF);
    assert_int_equal(hear(&s, 70, -128), SKEW_NOTHING);
    assert_int_equal(hear(&s, 80, 1), SKEW_FINE);
    assert_int_equal(hear(&s, 90, 2), SKEW_NOTHING);
    assert_int_equal(hear(&s, 100, 3LL * 365 * 86400), SKEW_OFF);
}

static void test_absurd_times_are_survived(void **state)
{
    (void)state;
    struct skew s = {0};
    struct skew_reading r = {WALL_NEVER, mono_at(0), mono_at(0), true};
    skew_note(&s, &r);
    assert_int_equal(skew_tell(&s, (struct now){mono_at(0), {INT64_MIN}}), SKEW_OFF);
    r = skew_of_certificate(wall_of_unix(-60), mono_at(1), mono_at(1));
    r.shown.ns = 1;
    skew_note(&s, &r);
    assert_int_equal(skew_tell(&s, (struct now){mono_at(1), {INT64_MAX}}), SKEW_OFF);
    assert_true(-skew_at(&s, (struct now){mono_at(1), {INT64_MAX}}).ns > 0);
}

static int64_t end_after_now(const struct skew *s, struct now now)
{
    return dur_to_s(wall_diff(skew_end(s, now, dur_s(3600)), now.wall));
}

static void test_end_goes_by_the_clusters_clock_where_ours_is_far_off(void **state)
{
    (void)state;
    static const struct {
        int64_t ahead, least, most; /* our calendar; what is asked for, less what that shows */
    } cases[] = {
        {0, 3600, 3600},     {30, 3600, 3600},        {-30, 3600, 3600},      {3600, -1, 1},
        {-3600, 7199, 7201}, {86400, -82801, -82799}, {-86400, 89999, 90001},
    };
    struct skew unknown = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct skew s = {0};
        const struct skew_reading r = reading(0, 0, 0);
        skew_note(&s, &r);
        int64_t after = end_after_now(&s, at(100, cases[i].ahead));
        assert_true(after >= cases[i].least && after <= cases[i].most);
        assert_int_equal(end_after_now(&unknown, at(100, cases[i].ahead)), 3600);
    }
}

/* After a start nothing was read yet, but the stored identity was signed by somebody's clock. */
static void test_end_is_not_before_what_the_cluster_has_signed(void **state)
{
    (void)state;
    struct skew s = {0};
    skew_note_signed(&s, wall_of_unix(WALL_S - 60));
    assert_int_equal(end_after_now(&s, at(0, -7200)), 7200 + 3600);
    assert_int_equal(end_after_now(&s, at(0, 7200)), 3600);
}

/* In a paused machine the boot clock stood still, and a reading is as wrong as the pause was long. */
static void test_reading_that_is_doubted_is_not_used(void **state)
{
    (void)state;
    struct skew s = {0};
    struct dur skew, uncertainty;
    const struct skew_reading r = reading(0, 0, 0);
    skew_note(&s, &r);
    assert_in_range(end_after_now(&s, at(0, 36000)) + 36000, 3599, 3601);
    skew_doubt(&s);
    assert_int_equal(end_after_now(&s, at(0, 36000)), 3600);
    assert_false(skew_get(&s, at(0, 0), &skew, &uncertainty));
    skew_note(&s, &r);
    assert_int_equal(dur_to_s(skew_at(&s, at(0, 0))), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skew_is_not_known_before_a_reading),
        cmocka_unit_test(test_skew_is_within_its_uncertainty),
        cmocka_unit_test(test_skew_of_a_certificate_knows_that_it_begins_early),
        cmocka_unit_test(test_skew_follows_when_our_calendar_is_set),
        cmocka_unit_test(test_readings_that_say_less_are_left_out),
        cmocka_unit_test(test_a_person_is_told_once_and_again_when_it_changed_much),
        cmocka_unit_test(test_absurd_times_are_survived),
        cmocka_unit_test(test_end_goes_by_the_clusters_clock_where_ours_is_far_off),
        cmocka_unit_test(test_end_is_not_before_what_the_cluster_has_signed),
        cmocka_unit_test(test_reading_that_is_doubted_is_not_used),
    };
    return cmocka_run_group_tests_name("agent/skew", tests, NULL, NULL);
}
