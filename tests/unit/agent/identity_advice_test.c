/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity_advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_each_state_of_trouble_has_advice_of_its_own(void **state)
{
    (void)state;
    static const enum renewer_state well[] = {RENEWER_STARTING, RENEWER_JOINING, RENEWER_FRESH,
                                              RENEWER_RENEWING, RENEWER_FAILED};
    for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++)
        assert_null(identity_advice_state(well[i]));
    for (int a = RENEWER_STALE; a <= RENEWER_EXPIRED; a++) {
        assert_non_null(identity_advice_state((enum renewer_state)a));
        for (int b = RENEWER_STALE; b < a; b++)
            assert_string_not_equal(identity_advice_state((enum renewer_state)a),
                                    identity_advice_state((enum renewer_state)b));
    }
}

static void test_who_joins_anew_is_not_sent_for_a_new_token(void **state)
{
    (void)state;
    for (int s = 0; s < RENEWER_STATE_COUNT; s++) {
        const char *advice = identity_advice_rejoin((enum renewer_state)s);
        bool can_come = s != RENEWER_HELD && s != RENEWER_OVERTAKEN && s != RENEWER_OPEN;
        assert_true(!advice == !identity_advice_state((enum renewer_state)s));
        if (advice && can_come)
            assert_null(strstr(advice, "new token"));
    }
    assert_null(strstr(identity_advice_rejoin(RENEWER_EXPIRED), "give the bot"));
}

static void test_end_says_why_and_promises_nothing(void **state)
{
    (void)state;
    static const struct {
        enum renewer_failure failure;
        enum renewer_state in;
        const char *says; /* NULL: the error itself says all */
    } cases[] = {
        {RENEWER_FAILURE_STARTUP, RENEWER_JOINING, "startup"},
        {RENEWER_FAILURE_GIVEN_UP, RENEWER_STALE, "'give_up_after'"},
        {RENEWER_FAILURE_REFUSED, RENEWER_REFUSED, "'tctl bots ls'"},
        {RENEWER_FAILURE_REFUSED, RENEWER_LOCKED, "lock"},
        {RENEWER_FAILURE_ONE_PASS, RENEWER_UNTRUSTED, "'ca_pins'"},
        {RENEWER_FAILURE_ONE_PASS, RENEWER_EXPIRED, "clock"},
        {RENEWER_FAILURE_ONE_PASS, RENEWER_OVERTAKEN, "new token"},
        {RENEWER_FAILURE_ONE_PASS, RENEWER_STALE, NULL},
        {RENEWER_FAILURE_ONE_PASS, RENEWER_RENEWING, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *advice = identity_advice_end(cases[i].failure, cases[i].in);
        if (!cases[i].says)
            assert_null(advice);
        else
            assert_non_null(strstr(advice, cases[i].says));
    }
    for (int s = RENEWER_STALE; s <= RENEWER_EXPIRED; s++) {
        const char *advice = identity_advice_end(RENEWER_FAILURE_REFUSED, (enum renewer_state)s);
        assert_true(!advice || !strstr(advice, "again every few minutes"));
        assert_true(!advice || !strstr(advice, "stays in service"));
    }
}

static void test_trouble_that_passes_is_told_once_until_it_is_over(void **state)
{
    (void)state;
    static const struct {
        enum renewer_state state;
        bool is_news;
    } story[] = {
        {RENEWER_RENEWING, true}, {RENEWER_OPEN, true},     {RENEWER_STALE, true},
        {RENEWER_OPEN, false},    {RENEWER_STALE, false},   {RENEWER_LOCKED, true},
        {RENEWER_STALE, true},    {RENEWER_OPEN, true},     {RENEWER_STALE, false},
        {RENEWER_FRESH, true},    {RENEWER_RENEWING, true}, {RENEWER_STALE, true},
        {RENEWER_REFUSED, true},  {RENEWER_RENEWING, true}, {RENEWER_REFUSED, true},
    };
    unsigned told = 0;
    for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
        assert_int_equal(identity_advice_is_news(&told, story[i].state), story[i].is_news);
}

static void test_cutting_off_what_was_written_may_cost_a_token(void **state)
{
    (void)state;
    for (int j = RENEWER_JOB_NONE; j <= RENEWER_JOB_PERSIST; j++) {
        const char *advice = identity_advice_cut_off((enum renewer_job)j);
        bool is_costly = j == RENEWER_JOB_JOIN || j == RENEWER_JOB_RENEW;
        assert_int_equal(advice && strstr(advice, "token"), is_costly);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_state_of_trouble_has_advice_of_its_own),
        cmocka_unit_test(test_who_joins_anew_is_not_sent_for_a_new_token),
        cmocka_unit_test(test_end_says_why_and_promises_nothing),
        cmocka_unit_test(test_trouble_that_passes_is_told_once_until_it_is_over),
        cmocka_unit_test(test_cutting_off_what_was_written_may_cost_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
