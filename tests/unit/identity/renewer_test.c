/* SPDX-License-Identifier: Apache-2.0 */
/* Renewing in peace, and the transaction: what follows once a request was written. */
#include "tests/unit/identity/renewer_fixture.h"

static void test_start_without_identity_joins(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    assert_int_equal(f.r.state, RENEWER_JOINING);
    done(&f, RENEWER_JOB_JOIN, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
    assert_true(renewer_is_serving(&f.r, f.now));
}

static void test_renewal_is_preceded_by_a_read_of_the_own_generation(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    assert_in_range(wait_for_job(&f), 960, 1200);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_RENEWING);
    done(&f, RENEWER_JOB_RENEW, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
    assert_int_equal(f.r.identity.generation, 6);
}

static void test_copied_storage_is_noticed_before_it_locks_the_bot(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    read_generation(&f, RENEWER_JOB_CHECK, 6);
    assert_int_equal(f.r.state, RENEWER_OVERTAKEN);
    assert_true(renewer_is_serving(&f.r, f.now));
    for (int i = 0; i < 2; i++) {
        tell(&f, i ? RENEWER_CONTACT : RENEWER_NOW);
        assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    }
}

static void test_label_that_speaks_of_other_instances_too_does_not_stop_a_renewal(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED | PER_INSTANCE);
    read_generation(&f, RENEWER_JOB_CHECK, 40);
    done(&f, RENEWER_JOB_RENEW, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
}

static void test_server_that_cannot_tell_does_not_stop_a_renewal(void **state)
{
    (void)state;
    static const enum err_code silent[] = {ERR_UNIMPLEMENTED, ERR_NOT_FOUND};
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        start(&f, STORED);
        done(&f, RENEWER_JOB_CHECK, silent[i]);
        done(&f, RENEWER_JOB_RENEW, ERR_OK);
        assert_int_equal(f.r.state, RENEWER_FRESH);
    }
}

static void test_read_from_before_the_last_renewal_is_repeated(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    wait_for_job(&f);
    for (int i = 0; i < 3; i++) {
        read_generation(&f, RENEWER_JOB_CHECK, 4);
        assert_int_equal(wait_for_job(&f), 2);
    }
    struct fixture fork = f;
    read_generation(&fork, RENEWER_JOB_CHECK, 5);
    assert_int_equal(fork.todo.job, RENEWER_JOB_RENEW);
    read_generation(&f, RENEWER_JOB_CHECK, 4);
    assert_int_equal(f.r.state, RENEWER_STALE);
    assert_int_equal(f.r.last_code, ERR_PROTOCOL);
}

static void test_open_renewal_is_repeated_only_after_two_equal_reads(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    written_without_reply(&f, ERR_UNAVAILABLE);
    static const struct turn story[] = {
        {RENEWER_JOB_RESOLVE, {5, 5}, ERR_OK, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 1}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    assert_int_equal(f.r.state, RENEWER_OPEN);
    PLAY(&f, story);
}

static void test_open_renewal_interrupted_read_starts_counting_again(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED | OPEN);
    static const struct turn story[] = {
        {RENEWER_JOB_RESOLVE, {5, 5}, ERR_OK, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_UNAVAILABLE, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {9, 11}, ERR_OK, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_OK, RENEWER_RENEWING},
        {RENEWER_JOB_CHECK, {0, 0}, ERR_OK, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void test_lost_reply_is_overtaken(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED | OPEN);
    read_generation(&f, RENEWER_JOB_RESOLVE, 6);
    assert_int_equal(f.r.state, RENEWER_OVERTAKEN);
}

/* What is refused without effect is not sent again at once, as an outage would be. */
static void test_refusal_leaves_a_written_renewal_open_and_then_is_one(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    written_without_reply(&f, ERR_REJECTED);
    static const struct turn story[] = {
        {RENEWER_JOB_RESOLVE, {5, 5}, ERR_OK, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_OK, RENEWER_REFUSED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_OK, RENEWER_RENEWING},
    };
    assert_int_equal(f.r.state, RENEWER_OPEN);
    PLAY(&f, story);
}

static void test_error_that_had_no_effect_is_repeated_soon(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    written_without_reply(&f, ERR_PROTOCOL);
    done(&f, RENEWER_JOB_RESOLVE, ERR_OK);
    done(&f, RENEWER_JOB_RESOLVE, ERR_OK);
    assert_in_range(wait_for_job(&f), 0, 1);
    renew(&f);
}

static void test_bot_locked_while_a_renewal_is_open_is_said_and_the_renewal_stays_open(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED | OPEN);
    static const struct turn story[] = {
        {RENEWER_JOB_RESOLVE, {5, 5}, ERR_LOCKED, RENEWER_LOCKED},
        {RENEWER_JOB_RESOLVE, {270, 330}, ERR_LOCKED, RENEWER_LOCKED},
        {RENEWER_JOB_RESOLVE, {270, 330}, ERR_OK, RENEWER_OPEN},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_OK, RENEWER_RENEWING},
    };
    PLAY(&f, story);
}

static void test_open_renewal_of_an_instance_is_held_or_retried_as_configured(void **state)
{
    (void)state;
    for (int retry = 0; retry <= 1; retry++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.retry_open = retry});
        start(&f, STORED | OPEN | PER_INSTANCE);
        assert_int_equal(f.r.state, retry ? RENEWER_OPEN : RENEWER_HELD);
        assert_true(f.todo.wake.ns != MONO_NEVER.ns); /* the expiry wakes a held one too */
        if (!retry)
            continue;
        done(&f, RENEWER_JOB_RESOLVE, ERR_NOT_FOUND);
        renew(&f);
    }
}

static void test_unpersisted_identity_is_stored_as_soon_as_possible(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    step(&f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                    .job = RENEWER_JOB_JOIN,
                                    .identity = identity_of(1, f.now),
                                    .unpersisted = true});
    assert_true(f.r.unpersisted);
    done(&f, RENEWER_JOB_PERSIST, ERR_STORAGE);
    assert_true(f.r.unpersisted);
    done(&f, RENEWER_JOB_PERSIST, ERR_OK);
    assert_false(f.r.unpersisted);
}

static void test_unpersisted_identity_is_stored_though_the_cluster_is_away(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    step(&f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                    .job = RENEWER_JOB_JOIN,
                                    .identity = identity_of(1, f.now),
                                    .unpersisted = true});
    tell(&f, RENEWER_NOW);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    for (int i = 0; f.todo.job != RENEWER_JOB_PERSIST && i < 5; i++) {
        wait_for_job(&f);
        if (f.todo.job == RENEWER_JOB_CHECK)
            done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    }
    done(&f, RENEWER_JOB_PERSIST, ERR_OK);
    assert_false(f.r.unpersisted);
    wait_for_job(&f);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK);
}

static void test_asked_while_a_job_runs_is_done_after_its_failure(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    wait_for_job(&f);
    tell(&f, RENEWER_NOW);
    assert_int_equal(f.r.running, RENEWER_JOB_CHECK);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK); /* at once, no back-off */
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE); /* and once */
}

static void test_asked_while_a_renewal_runs_does_not_begin_another(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        start(&f, STORED);
        done(&f, RENEWER_JOB_CHECK, ERR_OK);
        tell(&f, i ? RENEWER_CONTACT : RENEWER_NOW);
        done(&f, RENEWER_JOB_RENEW, ERR_OK);
        assert_in_range(wait_for_job(&f), 960, 1200);
    }
}

static void test_asked_while_a_request_loses_its_reply_reads_first(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        start(&f, STORED);
        done(&f, RENEWER_JOB_CHECK, ERR_OK);
        tell(&f, i ? RENEWER_CONTACT : RENEWER_NOW);
        written_without_reply(&f, ERR_TIMEOUT);
        assert_int_equal(wait_for_job(&f), 5);
        assert_int_equal(f.todo.job, RENEWER_JOB_RESOLVE);
    }
}

static void test_asked_about_an_open_renewal_reads_now_but_not_too_early(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED | OPEN);
    tell(&f, RENEWER_NOW);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    done(&f, RENEWER_JOB_RESOLVE, ERR_UNAVAILABLE);
    tell(&f, RENEWER_NOW);
    assert_int_equal(f.todo.job, RENEWER_JOB_RESOLVE);
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    tell(&f, RENEWER_NOW); /* the second read must not be cached */
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_without_identity_joins),
        cmocka_unit_test(test_renewal_is_preceded_by_a_read_of_the_own_generation),
        cmocka_unit_test(test_copied_storage_is_noticed_before_it_locks_the_bot),
        cmocka_unit_test(test_label_that_speaks_of_other_instances_too_does_not_stop_a_renewal),
        cmocka_unit_test(test_server_that_cannot_tell_does_not_stop_a_renewal),
        cmocka_unit_test(test_read_from_before_the_last_renewal_is_repeated),
        cmocka_unit_test(test_open_renewal_is_repeated_only_after_two_equal_reads),
        cmocka_unit_test(test_open_renewal_interrupted_read_starts_counting_again),
        cmocka_unit_test(test_lost_reply_is_overtaken),
        cmocka_unit_test(test_refusal_leaves_a_written_renewal_open_and_then_is_one),
        cmocka_unit_test(test_error_that_had_no_effect_is_repeated_soon),
        cmocka_unit_test(
            test_bot_locked_while_a_renewal_is_open_is_said_and_the_renewal_stays_open),
        cmocka_unit_test(test_open_renewal_of_an_instance_is_held_or_retried_as_configured),
        cmocka_unit_test(test_unpersisted_identity_is_stored_as_soon_as_possible),
        cmocka_unit_test(test_unpersisted_identity_is_stored_though_the_cluster_is_away),
        cmocka_unit_test(test_asked_while_a_job_runs_is_done_after_its_failure),
        cmocka_unit_test(test_asked_while_a_renewal_runs_does_not_begin_another),
        cmocka_unit_test(test_asked_while_a_request_loses_its_reply_reads_first),
        cmocka_unit_test(test_asked_about_an_open_renewal_reads_now_but_not_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
