/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an identity, what may follow it, and which clock says so. */
#include "tests/unit/identity/renewer_fixture.h"

static void test_expired_identity_rejoins_and_never_stops_trying(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    pass(&f, 3601);
    start(&f, STORED | PROVEN);
    assert_false(renewer_is_serving(&f.r, f.now));
    static const struct turn story[] = {
        {RENEWER_JOB_JOIN, {0, 0}, ERR_UNAVAILABLE, RENEWER_EXPIRED},
        {RENEWER_JOB_JOIN, {0, 1}, ERR_DENIED, RENEWER_EXPIRED},
        {RENEWER_JOB_CHECK, {0, 0}, ERR_EXPIRED, RENEWER_EXPIRED},
        {RENEWER_JOB_JOIN, {270, 330}, ERR_DENIED, RENEWER_EXPIRED},
        {RENEWER_JOB_CHECK, {0, 0}, ERR_OK, RENEWER_EXPIRED},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_expired_identity_without_a_token_asks_what_the_cluster_thinks(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    pass(&f, 3601);
    start(&f, STORED | PROVEN);
    static const struct turn story[] = {
        {RENEWER_JOB_CHECK, {0, 0}, ERR_EXPIRED, RENEWER_EXPIRED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_EXPIRED, RENEWER_EXPIRED},
        {RENEWER_JOB_CHECK, {270, 330}, ERR_OK, RENEWER_EXPIRED},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_expired_identity_with_an_open_renewal_is_not_renewed_blindly(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    pass(&f, 3601);
    start(&f, STORED | PROVEN | OPEN);
    static const struct turn story[] = {
        {RENEWER_JOB_RESOLVE, {5, 5}, ERR_OK, RENEWER_EXPIRED},
        {RENEWER_JOB_RESOLVE, {2, 2}, ERR_OK, RENEWER_EXPIRED},
        {RENEWER_JOB_CHECK, {0, 0}, ERR_OK, RENEWER_EXPIRED},
        {RENEWER_JOB_RENEW, {0, 0}, ERR_OK, RENEWER_FRESH},
    };
    PLAY(&f, story);
}

static void test_barred_identity_may_only_join_also_after_it_expired(void **state)
{
    (void)state;
    for (int can_join = 0; can_join <= 1; can_join++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.can_join = can_join});
        start(&f, STORED);
        read_generation(&f, RENEWER_JOB_CHECK, 6);
        pass(&f, 3600);
        tell(&f, RENEWER_TIMER);
        assert_int_equal(f.r.state, RENEWER_EXPIRED);
        static const struct turn story[] = {
            {RENEWER_JOB_JOIN, {0, 0}, ERR_DENIED, RENEWER_EXPIRED},
            {RENEWER_JOB_JOIN, {270, 330}, ERR_OK, RENEWER_FRESH},
            {RENEWER_JOB_CHECK, {960, 1200}, ERR_OK, RENEWER_RENEWING},
        };
        if (can_join) {
            PLAY(&f, story);
            continue;
        }
        tell(&f, RENEWER_NOW);
        tell(&f, RENEWER_CONTACT);
        assert_int_equal(f.todo.job, RENEWER_JOB_NONE);
        assert_int_equal(f.todo.wake.ns, MONO_NEVER.ns); /* it waits for a person */
    }
}

static void test_calendar_set_right_gives_an_expired_identity_back(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    f.now.wall = wall_of_unix(T0 + 86400);
    start(&f, STORED | PROVEN);
    done(&f, RENEWER_JOB_JOIN, ERR_DENIED);
    done(&f, RENEWER_JOB_CHECK, ERR_DENIED);
    assert_int_equal(f.r.state, RENEWER_EXPIRED);
    f.now.wall = wall_of_unix(T0 + 60);
    tell(&f, RENEWER_TIMER);
    assert_int_equal(f.r.state, RENEWER_RENEWING);
    renew(&f);
}

static void test_calendar_set_right_does_not_lift_a_bar(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    read_generation(&f, RENEWER_JOB_CHECK, 6);
    f.now.wall = wall_of_unix(T0 + 86400);
    tell(&f, RENEWER_TIMER);
    assert_int_equal(f.r.state, RENEWER_EXPIRED);
    f.now.wall = wall_of_unix(T0 + 60);
    tell(&f, RENEWER_TIMER);
    assert_int_equal(f.r.state, RENEWER_OVERTAKEN);
    assert_int_equal(f.r.next, RENEWER_JOB_NONE);
}

static void skew(struct fixture *f, int64_t s)
{
    step(f, (struct renewer_event){.kind = RENEWER_SKEW, .skew = dur_s(s)});
}

static void test_stored_identity_is_judged_by_the_calendar_that_is_ahead(void **state)
{
    (void)state;
    static const struct {
        int64_t ours_s, skew_s; /* since the issue, and the server's less ours */
        bool serves, renews;
    } cases[] = {
        {60, 0, true, false},        {60, 600, true, false},    {60, 1200, true, true},
        {60, 3600, false, false},    {60, -86400, true, false}, {1300, -1200, true, true},
        {3700, -3600, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){0});
        start(&f, STORED | PROVEN);
        f.now.wall = wall_of_unix(T0 + cases[i].ours_s);
        skew(&f, cases[i].skew_s);
        assert_int_equal(renewer_is_serving(&f.r, f.now), cases[i].serves);
        assert_int_equal(f.r.state == RENEWER_RENEWING, cases[i].renews);
        assert_int_equal(f.r.state == RENEWER_EXPIRED, !cases[i].serves);
        if (f.todo.job == RENEWER_JOB_NONE)
            assert_in_range(wait_for_job(&f), 960 - 660, 1200);
    }
}

static void test_skew_wakes_for_the_servers_end(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){0});
    start(&f, STORED);
    read_generation(&f, RENEWER_JOB_CHECK, 6);
    int64_t left = T0 + 3600 - wall_to_unix(f.now.wall);
    skew(&f, 600);
    assert_in_range(dur_to_s(mono_diff(f.todo.wake, f.now.mono)), left - 602, left - 600);
}

static void test_identity_issued_here_is_not_judged_by_calendars(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, (struct renewer_config){.can_join = true});
    start(&f, 0);
    done(&f, RENEWER_JOB_JOIN, ERR_OK);
    skew(&f, 86400);
    assert_true(renewer_is_serving(&f.r, f.now));
    assert_int_equal(f.r.state, RENEWER_FRESH);
    assert_in_range(wait_for_job(&f), 960, 1200);
    f.now.mono = mono_add(f.now.mono, dur_s(3600)); /* the calendar stood still */
    done(&f, RENEWER_JOB_CHECK, ERR_UNAVAILABLE);
    assert_int_equal(f.r.state, RENEWER_EXPIRED);
}

/* The machine slept between the reply and its storage: it is as old as if it had not. */
static void test_identity_issued_here_counts_from_when_it_was_asked_for(void **state)
{
    static const struct {
        int64_t slept_s;
        enum renewer_state state;
        enum renewer_job job;
    } cases[] = {{600, RENEWER_FRESH, RENEWER_JOB_NONE},
                 {1800, RENEWER_RENEWING, RENEWER_JOB_CHECK},
                 {3600, RENEWER_EXPIRED, RENEWER_JOB_JOIN}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.can_join = true});
        start(&f, 0);
        pass(&f, cases[i].slept_s);
        done(&f, RENEWER_JOB_JOIN, ERR_OK);
        assert_int_equal(f.r.state, cases[i].state);
        assert_int_equal(f.todo.job, cases[i].job);
    }
}

/* A virtual machine was paused for a day: its boot clock and its calendar stood still, and a time server
 * has set the calendar right since. */
static void test_identity_issued_here_is_over_where_cluster_and_calendar_agree(void **state)
{
    (void)state;
    for (int is_set = 0; is_set <= 1; is_set++) {
        struct fixture f;
        setup(&f, (struct renewer_config){.can_join = true});
        start(&f, 0);
        done(&f, RENEWER_JOB_JOIN, ERR_OK);
        wait_for_job(&f);
        f.now.wall = wall_add(f.now.wall, dur_s(is_set ? 86400 : 0));
        done(&f, RENEWER_JOB_CHECK, ERR_EXPIRED);
        assert_int_equal(f.r.state, is_set ? RENEWER_EXPIRED : RENEWER_REFUSED);
        assert_int_equal(f.todo.job, is_set ? RENEWER_JOB_JOIN : RENEWER_JOB_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expired_identity_rejoins_and_never_stops_trying),
        cmocka_unit_test(test_expired_identity_without_a_token_asks_what_the_cluster_thinks),
        cmocka_unit_test(test_expired_identity_with_an_open_renewal_is_not_renewed_blindly),
        cmocka_unit_test(test_barred_identity_may_only_join_also_after_it_expired),
        cmocka_unit_test(test_calendar_set_right_gives_an_expired_identity_back),
        cmocka_unit_test(test_calendar_set_right_does_not_lift_a_bar),
        cmocka_unit_test(test_stored_identity_is_judged_by_the_calendar_that_is_ahead),
        cmocka_unit_test(test_skew_wakes_for_the_servers_end),
        cmocka_unit_test(test_identity_issued_here_is_not_judged_by_calendars),
        cmocka_unit_test(test_identity_issued_here_counts_from_when_it_was_asked_for),
        cmocka_unit_test(test_identity_issued_here_is_over_where_cluster_and_calendar_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
