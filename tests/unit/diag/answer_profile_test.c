/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

#include "tests/support/assert_err.h"

static const struct now now = {{1000000000}, {1767323045000000000}};

struct fixture {
    struct health *h;
    struct diag_facts facts;
    struct diag_answer a;
    struct err *why;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.a = DIAG_ANSWER_INIT};
    assert_ok(health_new(&f.h));
    f.facts = (struct diag_facts){.health = f.h, .now = now, .may_hold = true};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    diag_answer_release(&f->a);
    health_free(f->h);
    err_free(f->why);
    return 0;
}

/* The code; 0: it is held. */
static unsigned ask(struct fixture *f, enum profiler_kind kind, const char *seconds)
{
    diag_answer_release(&f->a);
    f->a = DIAG_ANSWER_INIT;
    assert_ok(diag_answer_profile(&f->facts, kind, seconds, bytes_of_str("0x1"), &f->a));
    return f->a.is_held ? 0 : f->a.code;
}

static void test_first_it_is_begun_and_held(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, PROFILER_CPU, "5"), 0);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_PROFILE);
    assert_int_equal(f->a.deed.profile, PROFILER_CPU);
    assert_int_equal(f->a.deed.lasting.ns, dur_s(5).ns);
    assert_int_equal(f->a.deed.input.len, 3);
    assert_int_equal(f->a.ask_at.ns, MONO_NEVER.ns);
}

static void test_under_way_it_is_held_and_not_begun_again(void **state)
{
    struct fixture *f = *state;
    f->facts.profile.state = DIAG_PROFILE_UNDER_WAY;
    assert_int_equal(ask(f, PROFILER_CPU, "5"), 0);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
}

static void test_made_it_is_handed_out(void **state)
{
    struct fixture *f = *state;
    f->facts.profile =
        (struct diag_profile_view){DIAG_PROFILE_MADE, {(const uint8_t *)"a\0b", 3}, NULL};
    assert_int_equal(ask(f, PROFILER_HEAP, NULL), 200);
    assert_string_equal(f->a.content_type, "application/octet-stream");
    assert_int_equal(f->a.body.len, 3);
    assert_memory_equal(f->a.body.data, "a\0b", 3);
    assert_int_equal(ask(f, PROFILER_THREADS, NULL), 200);
    assert_string_equal(f->a.content_type, DIAG_TYPE_TEXT);
}

static void test_seconds_are_1_to_300_and_30_unless_said(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"0", "301", "-1", "5s", "1.5", "x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(ask(f, PROFILER_CPU, wrong[i]), 400);
        assert_non_null(strstr(buf_str(&f->a.body), "from 1 to 300"));
        assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    }
    assert_int_equal(ask(f, PROFILER_CPU, NULL), 0);
    assert_int_equal(f->a.deed.lasting.ns, dur_s(30).ns);
    assert_int_equal(ask(f, PROFILER_CPU, "300"), 0);
    assert_int_equal(ask(f, PROFILER_CPU, "1"), 0);
}

static void test_a_failure_has_its_code_and_says_why(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum err_code why;
        unsigned code;
    } cases[] = {{ERR_BUSY, 409}, {ERR_UNIMPLEMENTED, 501}, {ERR_UNAVAILABLE, 503}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err_free(f->why);
        f->why = err_new(cases[i].why, "that is so");
        f->facts.profile = (struct diag_profile_view){.state = DIAG_PROFILE_FAILED, .why = f->why};
        assert_int_equal(ask(f, PROFILER_CPU, NULL), cases[i].code);
        assert_non_null(strstr(buf_str(&f->a.body), "that is so"));
    }
}

static void test_without_a_place_or_in_the_end_none_is_begun(void **state)
{
    struct fixture *f = *state;
    f->facts.may_hold = false;
    assert_int_equal(ask(f, PROFILER_CPU, NULL), 429);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    f->facts.may_hold = true;
    health_stop(f->h, now);
    assert_int_equal(ask(f, PROFILER_CPU, NULL), 503);
    assert_int_equal(f->a.deed.kind, DIAG_DEED_NONE);
    f->facts.profile.state = DIAG_PROFILE_UNDER_WAY;
    assert_int_equal(ask(f, PROFILER_CPU, NULL), 503);
}

static void test_the_index_names_every_page(void **state)
{
    struct fixture *f = *state;
    static const char *const pages[] = {"profile?seconds", "heap",    "threads",
                                        "goroutine",       "cmdline", "symbol"};
    assert_ok(diag_answer_profiles(&f->a));
    assert_int_equal(f->a.code, 200);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        assert_non_null(strstr(buf_str(&f->a.body), pages[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_it_is_begun_and_held),
        TEST(test_under_way_it_is_held_and_not_begun_again),
        TEST(test_made_it_is_handed_out),
        TEST(test_seconds_are_1_to_300_and_30_unless_said),
        TEST(test_a_failure_has_its_code_and_says_why),
        TEST(test_without_a_place_or_in_the_end_none_is_begun),
        TEST(test_the_index_names_every_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
