/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload_judge.h"

#include "tests/support/config_text.h"

#include <string.h>

#define START "version: v2\nproxy_server: p:443\nonboarding: {join_method: token, token: x}\n"
#define SERVICE(reload) "services:\n- {type: identity, name: web, destination: /a" reload "}\n"

/* What keeps `next` from taking the place of `running`, where `started` ran first; "" for nothing. */
static char *barrier(const char *started, const char *running, const char *next)
{
    CLEANUP(config_freep) struct config *first = config_of_text("t", started);
    CLEANUP(config_freep) struct config *now = config_of_text("t", running);
    CLEANUP(reload_verdict_release) struct reload_verdict v = {.next = config_of_text("t", next)};
    const struct reload_question q = {.running = now, .started = first};
    assert_ok(config_diff_make(now, v.next, &v.diff));
    reload_barriers(&q, &v);
    assert_int_equal(v.outcome.has_failed, v.outcome.errors.len > 0);
    assert_int_equal(v.outcome.has_failed, v.outcome.restart.len > 0);
    return v.outcome.errors.len > 0 ? strlist_join(&v.outcome.errors, "\n") : strdup("");
}

static void assert_barrier(const char *running, const char *next, const char *wanted)
{
    CLEANUP(freep) char *got = barrier(running, running, next);
    assert_string_equal(got, wanted);
}

#define HOOK_BARRIER                                                                               \
    "t: key 'reload': of service 'web' is new or has changed, or its destination: restart needed"

static void test_services_come_and_go_freely(void **state)
{
    (void)state;
    assert_barrier(START, START SERVICE(""), "");
    assert_barrier(START SERVICE(""), START, "");
}

static void test_keys_of_the_start_need_one(void **state)
{
    (void)state;
    assert_barrier(START, START "startup: wait\n", "t: key 'startup': has changed: restart needed");
}

static void test_hook_that_is_new_or_changed_needs_a_restart(void **state)
{
    (void)state;
    static const char one[] = START SERVICE(", reload: {command: [/bin/true]}");
    assert_barrier(START SERVICE(""), one, HOOK_BARRIER);
    assert_barrier(one, START SERVICE(", reload: {command: [/bin/false]}"), HOOK_BARRIER);
    assert_barrier(one, one, "");
    assert_barrier(one, START SERVICE(""), "");
}

static void test_hook_of_the_start_may_come_back(void **state)
{
    (void)state;
    static const char one[] = START SERVICE(", reload: {command: [/bin/true]}");
    CLEANUP(freep) char *got = barrier(one, START, one);
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_services_come_and_go_freely),
        cmocka_unit_test(test_keys_of_the_start_need_one),
        cmocka_unit_test(test_hook_that_is_new_or_changed_needs_a_restart),
        cmocka_unit_test(test_hook_of_the_start_may_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
