/* SPDX-License-Identifier: Apache-2.0 */
/* Outages, refusals, a changed token: what is done, and when. */
#include "tests/unit/identity/renewer_fixture.h"

static void test_attempts_are_bounded_then_one_is_made_now_and_then(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    static const struct turn story[] = {
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {1, 2}, ERR_TIMEOUT, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {2, 4}, ERR_BUSY, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {4, 8}, ERR_NOMEM, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {8, 16}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {16, 32}, ERR_UNAVAILABLE, RENEWER_STALE},
        {RENEWER_JOB_CHECK, {9, 11}, ERR_UNAVAILABLE, RENEWER_STALE},
        {RENEWER_JOB_CHECK, {9, 11}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_UNAVAILABLE, RENEWER_STALE},
        {RENEWER_JOB_CHECK, {9, 11}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_OK, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void go_stale(struct fixture *f)
{
    setup(f, (struct renewer_config){0});
    start(f, STORED);
    for (int i = 0; i < 7; i++)
        done(f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f->r.state, RENEWER_STALE);
}

static void test_own_retries_of_a_long_outage_become_slower(void **state)
{
    (void)state;
    struct fixture f;
    go_stale(&f);
    f.r.identity.validity.not_after = wall_of_unix(T0 + 86400);
    struct mono since = f.r.trouble_since, stale_since = f.r.since;
    for (int i = 0; i < 200; i++) {
        int64_t outage = dur_to_s(mono_diff(f.now.mono, since));
        int64_t waited = wait_for_job(&f);
        int64_t want = outage < 300 ? 10 : outage < 3600 ? 30 : 60;
        assert_in_range(waited, want - want / 10, want + want / 10);
        done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    }
    assert_int_equal(f.r.state, RENEWER_STALE);
    assert_int_equal(f.r.since.ns, stale_since.ns);
}

static void test_contact_begins_a_whole_cycle_at_once(void **state)
{
    (void)state;
    struct fixture f;
    go_stale(&f);
    tell(&f, RENEWER_CONTACT);
    static const struct turn story[] = {
        {RENEWER_JOB_CHECK, {0, 0}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
    tell(&f, RENEWER_CONTACT);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE); /* nothing waits for it */
}

static void test_contact_while_a_retry_hangs_counts_for_its_failure(void **state)
{
    (void)state;
    struct fixture f;
    go_stale(&f);
    wait_for_job(&f);
    tell(&f, RENEWER_CONTACT);
    done(&f, RENEWER_JOB_CHECK, ERR_TIMEOUT);
    assert_int_equal(f.r.state, RENEWER_RENEWING);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK);
}

static void test_contact_hurries_what_backs_off(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true, .startup = RENEWER_STARTUP_WAIT});
    start(&f, 0);
    for (int i = 0; i < 5; i++)
        done(&f, RENEWER_JOB_JOIN, ERR_UNAVAILABLE);
    tell(&f, RENEWER_CONTACT);
    assert_int_equal(f.todo.job, RENEWER_JOB_JOIN);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    tell(&f, RENEWER_CONTACT); /* a refusal is no outage */
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
}

static void test_each_permanent_answer_has_its_state_and_is_asked_about_slowly(void **state)
{
    (void)state;
    static const struct {
        enum err_code code;
        enum renewer_state state;
        bool contact_helps;
    } cases[] = {
        {ERR_DENIED, RENEWER_REFUSED, false},     {ERR_REJECTED, RENEWER_REFUSED, false},
        {ERR_EXPIRED, RENEWER_REFUSED, false},    {ERR_LOCKED, RENEWER_LOCKED, false},
        {ERR_UNTRUSTED, RENEWER_UNTRUSTED, true}, {ERR_STORAGE, RENEWER_STALE, true},
        {ERR_CRYPTO, RENEWER_STALE, true},        {ERR_PROTOCOL, RENEWER_STALE, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        start(&f, STORED);
        done(&f, RENEWER_JOB_CHECK, cases[i].code);
        assert_int_equal(f.r.state, cases[i].state);
        assert_int_equal(f.r.last_code, cases[i].code);
        assert_true(renewer_is_serving(&f.r, f.now));
        struct fixture fork = f;
        tell(&fork, RENEWER_CONTACT);
        assert_int_equal(fork.todo.job != RENEWER_JOB_NONE, cases[i].contact_helps);
        fork = f;
        tell(&fork, RENEWER_NOW); /* a person knows more */
        assert_int_equal(fork.todo.job, RENEWER_JOB_CHECK);
        assert_in_range(wait_for_job(&f), 270, 330);
        assert_int_equal(f.r.state, cases[i].state); /* kept until the answer is another */
        renew(&f);
    }
}

static void test_refusals_of_a_fleet_spread_out(void **state)
{
    (void)state;
    int64_t lo = INT64_MAX, hi = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        fake_entropy_init(&f.dice, seed);
        start(&f, STORED);
        done(&f, RENEWER_JOB_CHECK, ERR_LOCKED);
        int64_t waited = wait_for_job(&f);
        lo = waited < lo ? waited : lo;
        hi = waited > hi ? waited : hi;
    }
    assert_true(hi - lo > 40);
}

static void test_waits_follow_a_short_interval(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    f.r.config.interval = dur_s(10);
    start(&f, STORED);
    done(&f, RENEWER_JOB_CHECK, ERR_DENIED);
    assert_in_range(wait_for_job(&f), 4, 5);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_in_range(wait_for_job(&f), 4, 5);
}

static void test_outage_after_a_refusal_is_stale(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    static const struct turn story[] = {
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_UNAVAILABLE, RENEWER_STALE},
        {RENEWER_JOB_CHECK, {9, 33}, ERR_LOCKED, RENEWER_LOCKED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_changed_token_is_tried_first_and_the_stored_identity_serves(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | NEW_TOKEN);
    assert_int_equal(f.todo.job, RENEWER_JOB_JOIN);
    assert_int_equal(f.r.state, RENEWER_RENEWING);
    assert_true(renewer_is_serving(&f.r, f.now));
    done(&f, RENEWER_JOB_JOIN, ERR_OK);
    assert_false(f.r.wants_join);
    assert_in_range(wait_for_job(&f), 960, 1200);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK);
}

static void test_changed_token_refused_is_said_once_and_the_old_identity_renewed(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | NEW_TOKEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_OK, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void test_changed_token_refused_does_not_put_off_a_renewal_that_is_due(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    pass(&f, 3400);
    start(&f, STORED | NEW_TOKEN);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    assert_int_equal(wait_for_job(&f), 0);
    renew(&f);
}

static void test_changed_token_and_no_cluster_takes_turns_with_renewing(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | NEW_TOKEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_JOIN, {1, 2}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {2, 4}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_JOIN, {960, 1200}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_OK, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void test_changed_token_closes_an_open_renewal(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | NEW_TOKEN | OPEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {9, 11}, ERR_UNAVAILABLE, RENEWER_OPEN},
        {RENEWER_JOB_JOIN, {9, 11}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_UNAVAILABLE, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void test_changed_token_of_a_held_renewal_is_tried_until_it_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | NEW_TOKEN | OPEN | PER_INSTANCE);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_HELD},
        {RENEWER_JOB_JOIN, {9, 11}, ERR_DENIED, RENEWER_HELD},
    };
    PLAY(&f, story);
    assert_int_equal(f.r.next, RENEWER_JOB_NONE);
    assert_true(f.todo.wake.ns != MONO_NEVER.ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts_are_bounded_then_one_is_made_now_and_then),
        cmocka_unit_test(test_own_retries_of_a_long_outage_become_slower),
        cmocka_unit_test(test_contact_begins_a_whole_cycle_at_once),
        cmocka_unit_test(test_contact_while_a_retry_hangs_counts_for_its_failure),
        cmocka_unit_test(test_contact_hurries_what_backs_off),
        cmocka_unit_test(test_each_permanent_answer_has_its_state_and_is_asked_about_slowly),
        cmocka_unit_test(test_refusals_of_a_fleet_spread_out),
        cmocka_unit_test(test_waits_follow_a_short_interval),
        cmocka_unit_test(test_outage_after_a_refusal_is_stale),
        cmocka_unit_test(test_changed_token_is_tried_first_and_the_stored_identity_serves),
        cmocka_unit_test(test_changed_token_refused_is_said_once_and_the_old_identity_renewed),
        cmocka_unit_test(test_changed_token_refused_does_not_put_off_a_renewal_that_is_due),
        cmocka_unit_test(test_changed_token_and_no_cluster_takes_turns_with_renewing),
        cmocka_unit_test(test_changed_token_closes_an_open_renewal),
        cmocka_unit_test(test_changed_token_of_a_held_renewal_is_tried_until_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
