/* SPDX-License-Identifier: Apache-2.0 */
/* How a start, one pass, and patience end. */
#include "tests/unit/identity/renewer_fixture.h"

/* Fails every job with `code` until the end, or for an hour; seconds it took. */
static int64_t fail_all(struct fixture *f, enum err_code code)
{
    struct mono began = f->now.mono;
    while (!renewer_is_terminal(&f->r) && mono_diff(f->now.mono, began).ns < dur_s(3600).ns) {
        if (f->todo.job == RENEWER_JOB_NONE)
            wait_for_job(f);
        if (!renewer_is_terminal(&f->r))
            done(f, f->todo.job, code);
    }
    return dur_to_s(mono_diff(f->now.mono, began));
}

static void test_first_failures_end_it_as_the_policy_says(void **state)
{
    (void)state;
    static const struct {
        enum renewer_startup startup;
        unsigned start;
        enum err_code code;
        enum renewer_failure failure;
        int64_t after_s;
    } cases[] = {
        {RENEWER_STARTUP_AUTO, 0, ERR_UNAVAILABLE, RENEWER_FAILURE_STARTUP, 120},
        {RENEWER_STARTUP_AUTO, 0, ERR_DENIED, RENEWER_FAILURE_REFUSED, 0},
        {RENEWER_STARTUP_AUTO, 0, ERR_UNTRUSTED, RENEWER_FAILURE_REFUSED, 0},
        {RENEWER_STARTUP_AUTO, 0, ERR_STORAGE, RENEWER_FAILURE_REFUSED, 0},
        {RENEWER_STARTUP_AUTO, PROVEN, ERR_UNAVAILABLE, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_AUTO, PROVEN, ERR_DENIED, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_AUTO, STORED, ERR_UNAVAILABLE, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_AUTO, STORED, ERR_LOCKED, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_AUTO, STORED | NEW_TOKEN, ERR_DENIED, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_WAIT, 0, ERR_UNAVAILABLE, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_WAIT, 0, ERR_DENIED, RENEWER_FAILURE_NONE, 0},
        {RENEWER_STARTUP_EXIT, 0, ERR_UNAVAILABLE, RENEWER_FAILURE_STARTUP, 0},
        {RENEWER_STARTUP_EXIT, PROVEN, ERR_DENIED, RENEWER_FAILURE_REFUSED, 0},
        {RENEWER_STARTUP_EXIT, STORED | PROVEN, ERR_UNAVAILABLE, RENEWER_FAILURE_STARTUP, 0},
        {RENEWER_STARTUP_EXIT, STORED | NEW_TOKEN, ERR_DENIED, RENEWER_FAILURE_REFUSED, 0},
        {RENEWER_STARTUP_EXIT, STORED | OPEN, ERR_UNAVAILABLE, RENEWER_FAILURE_STARTUP, 5},
        {RENEWER_STARTUP_EXIT, STORED | OPEN | PER_INSTANCE, ERR_OK, RENEWER_FAILURE_REFUSED, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.startup = cases[i].startup, .can_join = true});
        start(&f, cases[i].start);
        int64_t after = fail_all(&f, cases[i].code);
        bool ends = cases[i].failure != RENEWER_FAILURE_NONE;
        if (f.r.failure != cases[i].failure || renewer_is_terminal(&f.r) != ends ||
            (ends && after != cases[i].after_s))
            fail_msg("case %zu: failure %d after %lld s", i, (int)f.r.failure, (long long)after);
        assert_true(!ends || f.todo.job == RENEWER_JOB_NONE);
    }
}

static void test_exit_after_a_success_goes_on_as_the_others(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.startup = RENEWER_STARTUP_EXIT});
    start(&f, STORED);
    renew(&f);
    fail_all(&f, ERR_UNAVAILABLE);
    assert_false(renewer_is_terminal(&f.r));
}

static void test_a_start_goes_on_once_no_passing_failure_can_end_it(void **state)
{
    (void)state;
    static const struct {
        enum renewer_startup startup;
        unsigned start;
        bool goes_on;
    } cases[] = {{RENEWER_STARTUP_AUTO, 0, false},
                 {RENEWER_STARTUP_AUTO, PROVEN, true},
                 {RENEWER_STARTUP_AUTO, STORED, true},
                 {RENEWER_STARTUP_WAIT, 0, true},
                 {RENEWER_STARTUP_EXIT, STORED, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.startup = cases[i].startup, .can_join = true});
        start(&f, cases[i].start);
        assert_int_equal(renewer_goes_on(&f.r), cases[i].goes_on);
        if (cases[i].start & STORED)
            renew(&f);
        else
            done(&f, RENEWER_JOB_JOIN, ERR_OK);
        assert_true(renewer_goes_on(&f.r));
    }
}

static void test_one_pass_never_goes_on(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.startup = RENEWER_STARTUP_WAIT, .one_pass = true});
    start(&f, STORED | PROVEN);
    assert_false(renewer_goes_on(&f.r));
}

static void test_expired_identity_of_unproven_settings_is_a_first_start(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    pass(&f, 3601);
    start(&f, STORED);
    assert_int_equal(fail_all(&f, ERR_UNAVAILABLE), 120);
    assert_int_equal(f.r.failure, RENEWER_FAILURE_STARTUP);
    assert_int_equal(f.r.failed_in, RENEWER_EXPIRED);
}

static void test_refused_first_start_says_what_was_said(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    done(&f, RENEWER_JOB_JOIN, ERR_LOCKED);
    assert_int_equal(f.r.failed_in, RENEWER_LOCKED);
    assert_int_equal(f.r.last_code, ERR_LOCKED);
}

static void test_first_join_makes_a_last_attempt_at_its_limit(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    int tries = 0;
    for (; !renewer_is_terminal(&f.r); tries++)
        done(&f, RENEWER_JOB_JOIN, ERR_TIMEOUT);
    assert_in_range(tries, 8, 20);
    assert_int_equal(f.now.mono.ns, dur_s(121).ns);
}

static void test_waiting_first_join_goes_from_back_off_to_probing(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.startup = RENEWER_STARTUP_WAIT, .can_join = true});
    start(&f, 0);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {0, 1}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {1, 2}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {2, 4}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {4, 8}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {8, 16}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {16, 32}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {9, 11}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {9, 11}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_UNAVAILABLE, RENEWER_JOINING},
        {RENEWER_JOB_JOIN, {27, 33}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_one_pass_renews_at_once_and_bears_what_it_is_told_to(void **state)
{
    (void)state;
    static const struct {
        unsigned start;
        enum err_code code;
        int64_t limit_s, after_s;
    } cases[] = {{STORED, ERR_UNAVAILABLE, 0, 0},
                 {STORED, ERR_UNAVAILABLE, 300, 300},
                 {STORED, ERR_DENIED, 300, 0},
                 {0, ERR_UNAVAILABLE, 300, 300},
                 {0, ERR_DENIED, 300, 0},
                 {STORED | OPEN, ERR_UNAVAILABLE, 0, 5},
                 {STORED | OPEN, ERR_TIMEOUT, 60, 60}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.one_pass = true,
                                          .one_pass_limit = dur_s(cases[i].limit_s),
                                          .startup = RENEWER_STARTUP_WAIT,
                                          .can_join = true});
        start(&f, cases[i].start | PROVEN);
        assert_int_equal(fail_all(&f, cases[i].code), cases[i].after_s);
        assert_int_equal(f.r.failure, RENEWER_FAILURE_ONE_PASS);
    }
}

static void test_one_pass_renews_once_however_long_its_outputs_take(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.one_pass = true});
    start(&f, STORED);
    renew(&f);
    pass(&f, 30 * 60);
    tell(&f, RENEWER_TIMER);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    assert_int_equal(f.r.state, RENEWER_FRESH);
}

static void test_one_pass_that_finds_an_open_renewal_resolves_and_renews(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.one_pass = true});
    start(&f, STORED | OPEN);
    done(&f, RENEWER_JOB_RESOLVE, ERR_OK);
    done(&f, RENEWER_JOB_RESOLVE, ERR_OK);
    renew(&f);
}

static void test_one_pass_that_must_not_renew_ends(void **state)
{
    (void)state;
    for (int held = 0; held <= 1; held++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.one_pass = true});
        start(&f, STORED | (held ? OPEN | PER_INSTANCE : 0));
        if (!held)
            read_generation(&f, RENEWER_JOB_CHECK, 6);
        assert_int_equal(f.r.failure, RENEWER_FAILURE_ONE_PASS);
        assert_int_equal(f.r.failed_in, held ? RENEWER_HELD : RENEWER_OVERTAKEN);
    }
}

static void test_one_pass_that_must_not_renew_joins_where_it_may(void **state)
{
    (void)state;
    for (int expired = 0; expired <= 1; expired++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.one_pass = true, .can_join = true});
        if (expired)
            pass(&f, 3601);
        start(&f, STORED | OPEN | PER_INSTANCE | (expired ? 0 : NEW_TOKEN));
        done(&f, RENEWER_JOB_JOIN, ERR_OK);
        assert_int_equal(f.r.state, RENEWER_FRESH);
    }
}

static void test_one_pass_with_a_refused_new_token_renews_the_old_identity(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.one_pass = true, .can_join = true});
    start(&f, STORED | NEW_TOKEN);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK);
    renew(&f);
}

static void test_give_up_counts_from_the_last_success_and_needs_trouble(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.give_up_after = dur_s(1500)});
    start(&f, STORED);
    renew(&f);
    struct mono success = f.now.mono;
    wait_for_job(&f);
    fail_all(&f, ERR_UNAVAILABLE);
    assert_int_equal(f.r.failure, RENEWER_FAILURE_GIVEN_UP);
    assert_int_equal(f.r.failed_in, RENEWER_STALE);
    assert_int_equal(mono_diff(f.now.mono, success).ns, dur_s(1500).ns); /* woken for it */
    assert_true(renewer_is_serving(&f.r, f.now));
}

static void test_give_up_lets_a_running_job_finish_and_counts_contact(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.give_up_after = dur_s(1500)});
    start(&f, STORED);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    wait_for_job(&f);
    pass(&f, 900);
    tell(&f, RENEWER_TIMER);
    assert_false(renewer_is_terminal(&f.r));
    tell(&f, RENEWER_CONTACT);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_false(renewer_is_terminal(&f.r));
}

static void test_give_up_takes_no_write_to_the_disk_for_contact(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.give_up_after = dur_s(1500), .can_join = true});
    start(&f, 0);
    step(&f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                    .job = RENEWER_JOB_JOIN,
                                    .identity = identity_of(1, f.now),
                                    .unpersisted = true});
    struct mono success = f.now.mono;
    wait_for_job(&f);
    pass(&f, 1000);
    done(&f, RENEWER_JOB_PERSIST, ERR_OK);
    fail_all(&f, ERR_UNAVAILABLE);
    assert_int_equal(mono_diff(f.now.mono, success).ns, dur_s(1500).ns);
}

static void test_give_up_ends_also_what_waits_for_a_person(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.give_up_after = dur_s(7200)});
    start(&f, STORED);
    read_generation(&f, RENEWER_JOB_CHECK, 6);
    int64_t waited = 0;
    for (int i = 0; i < 5 && !renewer_is_terminal(&f.r); i++) {
        assert_true(f.todo.wake.ns != MONO_NEVER.ns);
        int64_t s = dur_to_s(mono_diff(f.todo.wake, f.now.mono)) + 1;
        pass(&f, s);
        waited += s;
        tell(&f, RENEWER_TIMER);
    }
    assert_in_range(waited, 7200, 7203);
    assert_int_equal(f.r.failed_in, RENEWER_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_failures_end_it_as_the_policy_says),
        cmocka_unit_test(test_exit_after_a_success_goes_on_as_the_others),
        cmocka_unit_test(test_a_start_goes_on_once_no_passing_failure_can_end_it),
        cmocka_unit_test(test_one_pass_never_goes_on),
        cmocka_unit_test(test_expired_identity_of_unproven_settings_is_a_first_start),
        cmocka_unit_test(test_refused_first_start_says_what_was_said),
        cmocka_unit_test(test_first_join_makes_a_last_attempt_at_its_limit),
        cmocka_unit_test(test_waiting_first_join_goes_from_back_off_to_probing),
        cmocka_unit_test(test_one_pass_renews_at_once_and_bears_what_it_is_told_to),
        cmocka_unit_test(test_one_pass_renews_once_however_long_its_outputs_take),
        cmocka_unit_test(test_one_pass_that_finds_an_open_renewal_resolves_and_renews),
        cmocka_unit_test(test_one_pass_that_must_not_renew_ends),
        cmocka_unit_test(test_one_pass_that_must_not_renew_joins_where_it_may),
        cmocka_unit_test(test_one_pass_with_a_refused_new_token_renews_the_old_identity),
        cmocka_unit_test(test_give_up_counts_from_the_last_success_and_needs_trouble),
        cmocka_unit_test(test_give_up_lets_a_running_job_finish_and_counts_contact),
        cmocka_unit_test(test_give_up_takes_no_write_to_the_disk_for_contact),
        cmocka_unit_test(test_give_up_ends_also_what_waits_for_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
