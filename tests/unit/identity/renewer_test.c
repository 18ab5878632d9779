/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/renewer.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define T0 1767225600

struct fixture {
    struct fake_entropy dice;
    struct renewer r;
    struct now now;
    struct renewer_todo todo;
};

static struct renewer_identity identity(int64_t generation)
{
    return (struct renewer_identity){
        .validity = {wall_of_unix(T0 - 60), wall_of_unix(T0 + 3600)},
        .generation = generation,
    };
}

static void setup(struct fixture *f, struct renewer_config config)
{
    fake_entropy_init(&f->dice, 3);
    f->now = (struct now){{1000000000}, wall_of_unix(T0)};
    config.entropy = &f->dice.entropy;
    config.interval = dur_s(1200);
    config.attempts = 7;
    config.startup_limit = dur_s(120);
    renewer_init(&f->r, &config);
}

static void step(struct fixture *f, struct renewer_event ev)
{
    f->todo = renewer_step(&f->r, &ev, f->now);
}

static void start(struct fixture *f, bool has_identity, bool open)
{
    step(f, (struct renewer_event){.kind = RENEWER_START,
                                   .has_identity = has_identity,
                                   .open = open,
                                   .identity = identity(5)});
}

static void done(struct fixture *f, enum renewer_job job, enum err_code code)
{
    assert_int_equal(f->todo.job, job);
    step(f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                   .job = job,
                                   .code = code,
                                   .generation = 5,
                                   .identity = identity(6)});
}

static void pass(struct fixture *f, int64_t s)
{
    f->now.mono = mono_add(f->now.mono, dur_s(s));
    f->now.wall = wall_add(f->now.wall, dur_s(s));
}

/* Lets time pass until something is to be done. */
static void wait_for_job(struct fixture *f)
{
    for (int i = 0; f->todo.job == RENEWER_JOB_NONE && i < 10; i++) {
        assert_true(f->todo.wake.ns != MONO_NEVER.ns);
        struct dur d = mono_diff(f->todo.wake, f->now.mono);
        f->now.mono = mono_add(f->now.mono, d);
        f->now.wall = wall_add(f->now.wall, d);
        step(f, (struct renewer_event){.kind = RENEWER_TIMER});
    }
}

static void written_without_reply(struct fixture *f, enum err_code code)
{
    assert_int_equal(f->todo.job, RENEWER_JOB_RENEW);
    step(f, (struct renewer_event){
                .kind = RENEWER_JOB_DONE, .job = RENEWER_JOB_RENEW, .code = code, .written = true});
}

static void read_generation(struct fixture *f, enum renewer_job job, int64_t generation)
{
    assert_int_equal(f->todo.job, job);
    step(f, (struct renewer_event){.kind = RENEWER_JOB_DONE, .job = job, .generation = generation});
}

static void test_start_without_identity_joins(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, false, false);
    done(&f, RENEWER_JOB_JOIN, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
    assert_true(renewer_is_serving(&f.r, f.now));
}

static void test_start_with_changed_token_joins_anew(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    step(&f, (struct renewer_event){.kind = RENEWER_START,
                                    .has_identity = true,
                                    .token_changed = true,
                                    .identity = identity(5)});
    assert_int_equal(f.todo.job, RENEWER_JOB_JOIN);
}

static void test_first_join_refused_ends_at_once(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, false, false);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    assert_true(renewer_is_terminal(&f.r));
    assert_int_equal(f.r.last_code, ERR_DENIED);
}

static void test_first_join_unreachable_is_retried_for_the_startup_limit(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, false, false);
    int64_t began = f.now.mono.ns;
    int tries = 0;
    for (; !renewer_is_terminal(&f.r) && tries < 100; tries++) {
        wait_for_job(&f);
        done(&f, RENEWER_JOB_JOIN, ERR_UNAVAILABLE);
    }
    assert_in_range(tries, 5, 12);
    assert_in_range((f.now.mono.ns - began) / 1000000000, 120, 180);
}

static void test_renewal_is_preceded_by_a_read_of_the_own_generation(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    wait_for_job(&f);
    assert_in_range(wall_to_unix(f.now.wall) - T0, 960, 1200);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    done(&f, RENEWER_JOB_RENEW, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
    assert_int_equal(f.r.identity.generation, 6);
}

static void test_copied_storage_is_noticed_before_it_locks_the_bot(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    wait_for_job(&f);
    read_generation(&f, RENEWER_JOB_CHECK, 6);
    assert_int_equal(f.r.state, RENEWER_OVERTAKEN);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    assert_true(renewer_is_serving(&f.r, f.now));
    step(&f, (struct renewer_event){.kind = RENEWER_NOW});
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
}

static void test_read_from_before_the_last_renewal_is_repeated(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.one_pass = true});
    start(&f, true, false);
    for (int i = 0; i < 3; i++) {
        struct mono before = f.now.mono;
        read_generation(&f, RENEWER_JOB_CHECK, 4);
        wait_for_job(&f);
        assert_int_equal(dur_to_s(mono_diff(f.now.mono, before)), 2);
    }
    struct renewer fork = f.r;
    struct renewer_todo todo = f.todo;
    read_generation(&f, RENEWER_JOB_CHECK, 5);
    assert_int_equal(f.todo.job, RENEWER_JOB_RENEW);
    f.r = fork;
    f.todo = todo;
    read_generation(&f, RENEWER_JOB_CHECK, 4);
    assert_true(renewer_is_terminal(&f.r));
}

static void test_attempts_are_bounded_then_the_cluster_is_probed(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    for (int i = 0; i < 7; i++) {
        wait_for_job(&f);
        done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    }
    assert_int_equal(f.r.state, RENEWER_STALE);
    assert_true(renewer_is_serving(&f.r, f.now));
    for (int i = 0; i < 3; i++) {
        wait_for_job(&f);
        done(&f, RENEWER_JOB_PROBE, ERR_UNAVAILABLE);
    }
    wait_for_job(&f);
    done(&f, RENEWER_JOB_PROBE, ERR_OK);
    done(&f, RENEWER_JOB_CHECK, ERR_OK); /* at once */
    done(&f, RENEWER_JOB_RENEW, ERR_OK);
    assert_int_equal(f.r.state, RENEWER_FRESH);
}

static void test_open_renewal_is_repeated_only_after_two_equal_reads(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    written_without_reply(&f, ERR_UNAVAILABLE);
    assert_int_equal(f.r.state, RENEWER_OPEN);
    struct mono before = f.now.mono;
    wait_for_job(&f);
    assert_true(mono_diff(f.now.mono, before).ns >= dur_s(5).ns);
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    assert_int_equal(f.r.state, RENEWER_OPEN);
    wait_for_job(&f);
    assert_true(mono_diff(f.now.mono, before).ns >= dur_s(7).ns);
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    assert_int_equal(f.r.state, RENEWER_RENEWING);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    assert_int_equal(f.todo.job, RENEWER_JOB_RENEW);
}

static void test_open_renewal_interrupted_read_starts_counting_again(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, true);
    wait_for_job(&f);
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_RESOLVE, ERR_UNAVAILABLE);
    wait_for_job(&f);
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    assert_int_equal(f.r.state, RENEWER_OPEN);
}

static void test_lost_reply_is_overtaken(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, true);
    wait_for_job(&f);
    read_generation(&f, RENEWER_JOB_RESOLVE, 6);
    assert_int_equal(f.r.state, RENEWER_OVERTAKEN);
}

static void test_even_a_refusal_leaves_a_written_renewal_open(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_CHECK, ERR_OK);
    written_without_reply(&f, ERR_REJECTED);
    assert_int_equal(f.r.state, RENEWER_OPEN);
}

static void test_open_renewal_of_an_instance_is_held_or_retried_as_configured(void **state)
{
    (void)state;
    for (int retry = 0; retry <= 1; retry++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.retry_open = retry});
        struct renewer_event ev = {.kind = RENEWER_START, .has_identity = true, .open = true};
        ev.identity = identity(5);
        ev.identity.per_instance = true;
        step(&f, ev);
        assert_int_equal(f.r.state, retry ? RENEWER_OPEN : RENEWER_HELD);
        if (!retry)
            assert_true(f.todo.wake.ns != MONO_NEVER.ns); /* the expiry still wakes it */
    }
}

static void test_expired_identity_rejoins_where_a_token_can(void **state)
{
    (void)state;
    for (int can_join = 0; can_join <= 1; can_join++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.can_join = can_join});
        pass(&f, 3601);
        start(&f, true, false);
        assert_int_equal(f.r.state, RENEWER_EXPIRED);
        assert_int_equal(f.todo.job, can_join ? RENEWER_JOB_JOIN : RENEWER_JOB_NONE);
        assert_false(renewer_is_serving(&f.r, f.now));
    }
}

static void test_expired_identity_keeps_trying_slowly_after_a_refusal(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    pass(&f, 3601);
    start(&f, true, false);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    assert_false(renewer_is_terminal(&f.r));
    struct mono before = f.now.mono;
    wait_for_job(&f);
    assert_int_equal(f.todo.job, RENEWER_JOB_JOIN);
    assert_true(mono_diff(f.now.mono, before).ns >= dur_s(60).ns);
}

static void test_unpersisted_identity_is_stored_as_soon_as_possible(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, false, false);
    step(&f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                    .job = RENEWER_JOB_JOIN,
                                    .identity = identity(1),
                                    .unpersisted = true});
    assert_true(f.r.unpersisted);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_PERSIST, ERR_STORAGE);
    assert_true(f.r.unpersisted);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_PERSIST, ERR_OK);
    assert_false(f.r.unpersisted);
}

static void test_unpersisted_identity_is_stored_though_the_cluster_is_away(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, false, false);
    step(&f, (struct renewer_event){.kind = RENEWER_JOB_DONE,
                                    .job = RENEWER_JOB_JOIN,
                                    .identity = identity(1),
                                    .unpersisted = true});
    step(&f, (struct renewer_event){.kind = RENEWER_NOW});
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
    start(&f, true, false);
    wait_for_job(&f);
    step(&f, (struct renewer_event){.kind = RENEWER_NOW});
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    f.todo.job = RENEWER_JOB_CHECK;
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f.todo.job, RENEWER_JOB_CHECK); /* at once, no back-off */
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE); /* and once */
}

static void test_asked_about_an_open_renewal_reads_now_but_not_too_early(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, true);
    step(&f, (struct renewer_event){.kind = RENEWER_NOW});
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_RESOLVE, ERR_UNAVAILABLE);
    step(&f, (struct renewer_event){.kind = RENEWER_NOW});
    read_generation(&f, RENEWER_JOB_RESOLVE, 5);
    step(&f, (struct renewer_event){.kind = RENEWER_NOW}); /* the second read must not be cached */
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
}

static void test_one_pass_renews_at_once_and_never_retries(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.one_pass = true});
    start(&f, true, false);
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_true(renewer_is_terminal(&f.r));
    assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
}

static void test_refused_before_writing_is_retried_slowly(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, true, false);
    wait_for_job(&f);
    done(&f, RENEWER_JOB_CHECK, ERR_LOCKED);
    assert_int_equal(f.r.state, RENEWER_STALE);
    struct mono before = f.now.mono;
    wait_for_job(&f);
    assert_in_range(dur_to_s(mono_diff(f.now.mono, before)), 299, 301);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_without_identity_joins),
        cmocka_unit_test(test_start_with_changed_token_joins_anew),
        cmocka_unit_test(test_first_join_refused_ends_at_once),
        cmocka_unit_test(test_first_join_unreachable_is_retried_for_the_startup_limit),
        cmocka_unit_test(test_renewal_is_preceded_by_a_read_of_the_own_generation),
        cmocka_unit_test(test_copied_storage_is_noticed_before_it_locks_the_bot),
        cmocka_unit_test(test_read_from_before_the_last_renewal_is_repeated),
        cmocka_unit_test(test_attempts_are_bounded_then_the_cluster_is_probed),
        cmocka_unit_test(test_open_renewal_is_repeated_only_after_two_equal_reads),
        cmocka_unit_test(test_open_renewal_interrupted_read_starts_counting_again),
        cmocka_unit_test(test_lost_reply_is_overtaken),
        cmocka_unit_test(test_even_a_refusal_leaves_a_written_renewal_open),
        cmocka_unit_test(test_open_renewal_of_an_instance_is_held_or_retried_as_configured),
        cmocka_unit_test(test_expired_identity_rejoins_where_a_token_can),
        cmocka_unit_test(test_expired_identity_keeps_trying_slowly_after_a_refusal),
        cmocka_unit_test(test_unpersisted_identity_is_stored_as_soon_as_possible),
        cmocka_unit_test(test_unpersisted_identity_is_stored_though_the_cluster_is_away),
        cmocka_unit_test(test_asked_while_a_job_runs_is_done_after_its_failure),
        cmocka_unit_test(test_asked_about_an_open_renewal_reads_now_but_not_too_early),
        cmocka_unit_test(test_one_pass_renews_at_once_and_never_retries),
        cmocka_unit_test(test_refused_before_writing_is_retried_slowly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
