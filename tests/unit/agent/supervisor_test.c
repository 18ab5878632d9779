/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/supervisor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct supervisor_view joining = {.identity = RENEWER_JOINING, .n_outputs = 2};
static const struct supervisor_view fresh = {
    .identity = RENEWER_FRESH, .is_serving = true, .n_outputs = 2};
static const struct supervisor_view up = {.identity = RENEWER_FRESH,
                                          .is_serving = true,
                                          .contact = CONTACT_UP,
                                          .n_outputs = 2,
                                          .n_run = 2};
static const struct supervisor_view down = {.identity = RENEWER_FRESH,
                                            .is_serving = true,
                                            .contact = CONTACT_DOWN,
                                            .n_outputs = 2,
                                            .n_run = 2};
static const struct supervisor_view expired = {
    .identity = RENEWER_EXPIRED, .contact = CONTACT_DOWN, .n_outputs = 2, .n_run = 2};

#define BEGIN (SUPERVISOR_WATCH_CONTACT | SUPERVISOR_START_OUTPUTS)

/* An agent that serves, as far as it has come without an outage. */
static struct supervisor serving(void)
{
    struct supervisor s;
    supervisor_init(&s, false);
    (void)supervisor_look(&s, &fresh);
    (void)supervisor_look(&s, &up);
    return s;
}

static void test_nothing_starts_before_there_is_an_identity(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, false);
    assert_int_equal(supervisor_look(&s, &joining), 0);
    assert_int_equal(supervisor_look(&s, &fresh), BEGIN);
}

static void test_what_was_answered_is_not_answered_again(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, false);
    (void)supervisor_look(&s, &fresh);
    assert_int_equal(supervisor_look(&s, &fresh), 0);
    assert_int_equal(supervisor_look(&s, &up), 0);
    (void)supervisor_look(&s, &down);
    assert_int_equal(supervisor_look(&s, &down), 0);
}

static void test_a_stored_identity_serves_while_it_is_renewed(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, false);
    struct supervisor_view v = fresh;
    v.identity = RENEWER_RENEWING;
    assert_int_equal(supervisor_look(&s, &v), BEGIN);
}

static void test_outputs_wait_for_the_end_of_an_outage(void **state)
{
    (void)state;
    struct supervisor s = serving();
    assert_int_equal(supervisor_look(&s, &down), SUPERVISOR_HOLD_OUTPUTS);
    struct supervisor_view v = down;
    v.identity = RENEWER_STALE;
    assert_int_equal(supervisor_look(&s, &v), 0);
    v.contact = CONTACT_UP;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_TELL_IDENTITY |
                                                  SUPERVISOR_RELEASE_OUTPUTS |
                                                  SUPERVISOR_RENEW_STALE);
}

static void test_stale_outputs_renew_with_the_identity(void **state)
{
    (void)state;
    struct supervisor s = serving();
    struct supervisor_view v = up;
    v.identity = RENEWER_STALE;
    assert_int_equal(supervisor_look(&s, &v), 0);
    assert_int_equal(supervisor_look(&s, &up), SUPERVISOR_RENEW_STALE);
}

static void test_an_identity_that_is_renewed_in_an_outage_releases_nobody(void **state)
{
    (void)state;
    struct supervisor s = serving();
    struct supervisor_view v = down;
    v.identity = RENEWER_RENEWING;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_HOLD_OUTPUTS);
    assert_int_equal(supervisor_look(&s, &down), 0);
}

static void test_outputs_wait_while_the_identity_is_past_its_end(void **state)
{
    (void)state;
    struct supervisor s = serving();
    struct supervisor_view v = expired;
    v.contact = CONTACT_UP;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_HOLD_OUTPUTS);
    assert_int_equal(supervisor_look(&s, &up), SUPERVISOR_RELEASE_OUTPUTS | SUPERVISOR_RENEW_STALE);
}

static void test_outage_longer_than_the_identity_ends_with_both(void **state)
{
    (void)state;
    struct supervisor s = serving();
    assert_int_equal(supervisor_look(&s, &down), SUPERVISOR_HOLD_OUTPUTS);
    assert_int_equal(supervisor_look(&s, &expired), 0);
    struct supervisor_view v = expired;
    v.contact = CONTACT_UP;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_TELL_IDENTITY);
    assert_int_equal(supervisor_look(&s, &up), SUPERVISOR_RELEASE_OUTPUTS | SUPERVISOR_RENEW_STALE);
}

static void test_a_start_in_an_outage_holds_what_it_starts(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, false);
    assert_int_equal(supervisor_look(&s, &down), BEGIN | SUPERVISOR_HOLD_OUTPUTS);
}

static void test_no_outage_ends_the_process(void **state)
{
    (void)state;
    static const enum renewer_state states[] = {RENEWER_JOINING, RENEWER_STALE, RENEWER_OPEN,
                                                RENEWER_HELD,    RENEWER_FRESH, RENEWER_OVERTAKEN,
                                                RENEWER_EXPIRED};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct supervisor s = serving();
        struct supervisor_view v = down;
        v.identity = states[i];
        v.n_failed = 2;
        assert_true(supervisor_look(&s, &v) < SUPERVISOR_END_WELL);
        assert_false(s.ended);
    }
}

static void test_a_failed_identity_ends_it_and_nothing_follows(void **state)
{
    (void)state;
    struct supervisor s = serving();
    struct supervisor_view v = down;
    v.identity = RENEWER_FAILED;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_END_FAILED_IDENTITY);
    assert_int_equal(supervisor_look(&s, &v), 0);
    assert_int_equal(supervisor_look(&s, &up), 0);
}

static void test_one_pass_starts_outputs_with_the_renewed_identity(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, true);
    struct supervisor_view v = fresh;
    v.identity = RENEWER_RENEWING;
    assert_int_equal(supervisor_look(&s, &v), 0);
    assert_int_equal(supervisor_look(&s, &fresh), SUPERVISOR_START_OUTPUTS);
}

static void test_one_pass_ends_when_all_outputs_ran(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, true);
    (void)supervisor_look(&s, &fresh);
    struct supervisor_view v = fresh;
    v.n_run = 1;
    v.n_failed = 1;
    assert_int_equal(supervisor_look(&s, &v), 0);
    v.n_run = 2;
    struct supervisor failed = s;
    assert_int_equal(supervisor_look(&failed, &v), SUPERVISOR_END_FAILED_OUTPUTS);
    v.n_failed = 0;
    v.runs_hooks = true; /* consumers are still being told */
    assert_int_equal(supervisor_look(&s, &v), 0);
    v.runs_hooks = false;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_END_WELL);
    assert_int_equal(supervisor_look(&s, &v), 0);
}

static void test_one_pass_without_outputs_ends_with_the_identity(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, true);
    struct supervisor_view v = fresh;
    v.n_outputs = 0;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_END_WELL);
}

static void test_one_pass_neither_waits_nor_watches(void **state)
{
    (void)state;
    struct supervisor s;
    supervisor_init(&s, true);
    struct supervisor_view v = down;
    v.n_run = 0;
    assert_int_equal(supervisor_look(&s, &v), SUPERVISOR_START_OUTPUTS);
    v.contact = CONTACT_UP;
    assert_int_equal(supervisor_look(&s, &v), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_starts_before_there_is_an_identity),
        cmocka_unit_test(test_what_was_answered_is_not_answered_again),
        cmocka_unit_test(test_a_stored_identity_serves_while_it_is_renewed),
        cmocka_unit_test(test_outputs_wait_for_the_end_of_an_outage),
        cmocka_unit_test(test_stale_outputs_renew_with_the_identity),
        cmocka_unit_test(test_an_identity_that_is_renewed_in_an_outage_releases_nobody),
        cmocka_unit_test(test_outputs_wait_while_the_identity_is_past_its_end),
        cmocka_unit_test(test_outage_longer_than_the_identity_ends_with_both),
        cmocka_unit_test(test_a_start_in_an_outage_holds_what_it_starts),
        cmocka_unit_test(test_no_outage_ends_the_process),
        cmocka_unit_test(test_a_failed_identity_ends_it_and_nothing_follows),
        cmocka_unit_test(test_one_pass_starts_outputs_with_the_renewed_identity),
        cmocka_unit_test(test_one_pass_ends_when_all_outputs_ran),
        cmocka_unit_test(test_one_pass_without_outputs_ends_with_the_identity),
        cmocka_unit_test(test_one_pass_neither_waits_nor_watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
