/* SPDX-License-Identifier: Apache-2.0 */
/* Identities that cannot be renewed: each cycle is made of joins, and nothing is ever open. */
#include "tests/unit/identity/renewer_fixture.h"

static void begin(struct fixture *f, unsigned flags)
{
    setup(f, (struct renewer_config){.can_join = true, .rejoins = true});
    start(f, flags);
}

static void test_renewal_is_a_join_when_it_is_due(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_JOIN, {960, 1200}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_JOIN, {960, 1200}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_JOIN, {0, 1}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_stored_identity_serves_until_it_is_due(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED);
    assert_int_equal(f.r.state, RENEWER_FRESH);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {960, 1200}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_outage_leaves_the_identity_serving_and_contact_ends_the_wait(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED);
    for (int i = 0; i < 7; i++)
        done(&f, RENEWER_JOB_JOIN, ERR_UNAVAILABLE);
    assert_int_equal(f.r.state, RENEWER_STALE);
    assert_true(renewer_is_serving(&f.r, f.now));
    tell(&f, RENEWER_CONTACT);
    assert_int_equal(f.todo.job, RENEWER_JOB_JOIN);
    done(&f, RENEWER_JOB_JOIN, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
}

static void test_open_journal_of_another_method_is_of_no_account(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED | OPEN | PER_INSTANCE | NEW_TOKEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_JOIN, {0, 1}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_changed_token_is_joined_with_at_once_and_again_after_a_refusal(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED | NEW_TOKEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_trouble_with_the_proof_is_stale_and_tried_again(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {960, 1200}, ERR_STORAGE, RENEWER_STALE},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_first_start_that_is_refused_ends_at_once(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    done(&f, RENEWER_JOB_JOIN, ERR_STORAGE);
    assert_int_equal(f.r.state, RENEWER_FAILED);
    assert_int_equal(f.r.failure, RENEWER_FAILURE_REFUSED);
}

static void test_expired_identity_joins_until_it_may(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, STORED | PROVEN);
    pass(&f, 3601);
    tell(&f, RENEWER_TIMER);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_DENIED, RENEWER_EXPIRED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_UNAVAILABLE, RENEWER_EXPIRED},
        {RENEWER_JOB_JOIN, {27, 33}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_what_another_method_left_is_replaced_by_a_join_and_never_renewed(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, STORED | OPEN | FINAL | NEW_TOKEN);
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_RENEWING},
        {RENEWER_JOB_JOIN, {0, 1}, ERR_DENIED, RENEWER_REFUSED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_OK, RENEWER_FRESH},
        {RENEWER_JOB_CHECK, {960, 1200}, ERR_OK, RENEWER_RENEWING}, /* of its own kind again */
    };
    PLAY(&f, story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renewal_is_a_join_when_it_is_due),
        cmocka_unit_test(test_stored_identity_serves_until_it_is_due),
        cmocka_unit_test(test_outage_leaves_the_identity_serving_and_contact_ends_the_wait),
        cmocka_unit_test(test_open_journal_of_another_method_is_of_no_account),
        cmocka_unit_test(test_changed_token_is_joined_with_at_once_and_again_after_a_refusal),
        cmocka_unit_test(test_trouble_with_the_proof_is_stale_and_tried_again),
        cmocka_unit_test(test_first_start_that_is_refused_ends_at_once),
        cmocka_unit_test(test_expired_identity_joins_until_it_may),
        cmocka_unit_test(test_what_another_method_left_is_replaced_by_a_join_and_never_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
