/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload.h"

#include "tests/support/assert_err.h"

static const struct wall t1 = {1000}, t2 = {2000};

static struct reload new_reload(void)
{
    struct reload r;
    reload_init(&r, true);
    return r;
}

static void test_one_that_was_asked_for_begins_and_is_counted(void **state)
{
    (void)state;
    struct reload r = new_reload();
    assert_int_equal(r.last.ns, WALL_NONE.ns);
    assert_int_equal(reload_awaited(&r), 1);
    assert_int_equal(reload_ask(&r), RELOAD_BEGIN);
    assert_true(reload_is_under_way(&r));
    assert_int_equal(reload_done(&r), 0);
    assert_false(reload_ended(&r, true, t1));
    assert_false(reload_is_under_way(&r));
    assert_int_equal(r.succeeded, 1);
    assert_int_equal(r.last.ns, t1.ns);
    assert_int_equal(reload_ask(&r), RELOAD_BEGIN);
    assert_false(reload_ended(&r, false, t2));
    assert_int_equal(r.failed, 1);
    assert_int_equal(reload_done(&r), 2);
    assert_int_equal(r.last.ns, t2.ns);
}

static void test_those_asked_for_meanwhile_are_one_more(void **state)
{
    (void)state;
    struct reload r = new_reload();
    assert_int_equal(reload_ask(&r), RELOAD_BEGIN);
    assert_int_equal(reload_awaited(&r), 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(reload_ask(&r), RELOAD_QUEUED);
    assert_int_equal(reload_awaited(&r), 2);
    assert_true(reload_ended(&r, true, t1));
    assert_true(reload_is_under_way(&r));
    assert_int_equal(reload_done(&r), 1); /* who waits for the second is not answered yet */
    assert_false(reload_ended(&r, true, t2));
    assert_int_equal(reload_done(&r), 2);
    assert_int_equal(r.begun, 2);
}

static void test_a_stop_refuses_and_drops_what_is_queued(void **state)
{
    (void)state;
    struct reload r = new_reload();
    assert_int_equal(reload_ask(&r), RELOAD_BEGIN);
    assert_int_equal(reload_ask(&r), RELOAD_QUEUED);
    reload_stop(&r);
    assert_int_equal(reload_ask(&r), RELOAD_STOPPING);
    assert_false(reload_ended(&r, true, t1));
}

static void test_one_pass_reloads_never(void **state)
{
    (void)state;
    struct reload r;
    reload_init(&r, false);
    assert_int_equal(reload_ask(&r), RELOAD_NEVER);
    assert_int_equal(r.begun, 0);
}

static void test_one_that_hangs_has_failed_and_its_end_counts_for_nothing(void **state)
{
    (void)state;
    struct reload r = new_reload();
    assert_int_equal(reload_ask(&r), RELOAD_BEGIN);
    reload_give_up(&r, t1);
    assert_false(reload_is_under_way(&r));
    assert_int_equal(reload_done(&r), 1);
    assert_int_equal(reload_ask(&r), RELOAD_QUEUED); /* its worker is not back yet */
    assert_true(reload_ended(&r, true, t2));
    assert_int_equal(r.succeeded, 0);
    assert_int_equal(r.failed, 1);
    assert_int_equal(r.last.ns, t1.ns);
    assert_false(r.is_given_up);
    assert_false(reload_ended(&r, true, t2));
    assert_int_equal(r.succeeded, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_was_asked_for_begins_and_is_counted),
        cmocka_unit_test(test_those_asked_for_meanwhile_are_one_more),
        cmocka_unit_test(test_a_stop_refuses_and_drops_what_is_queued),
        cmocka_unit_test(test_one_pass_reloads_never),
        cmocka_unit_test(test_one_that_hangs_has_failed_and_its_end_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
