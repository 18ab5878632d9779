/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
    struct notify n;
    struct notify_view view;
    struct mono now;
};

static struct world begin(struct notify_config config)
{
    struct world w = {.now = {dur_s(1000).ns}};
    w.view.next_change = MONO_NEVER;
    w.view.health.state = HEALTH_STARTING;
    notify_init(&w.n, &config, w.now);
    return w;
}

/* What is said next; it arrives. */
static unsigned hear(struct world *w)
{
    unsigned say = notify_look(&w->n, &w->view, w->now).say;
    notify_said(&w->n, say, &w->view, w->now);
    return say;
}

static void say_status(struct world *w, const char *text)
{
    snprintf(w->view.status, sizeof(w->view.status), "%s", text);
}

static struct dur until_next(const struct world *w)
{
    struct notify_todo todo = notify_look(&w->n, &w->view, w->now);
    assert_int_equal(todo.say, 0);
    return mono_diff(todo.wake, w->now);
}

static void pass(struct world *w, int64_t s)
{
    w->now = mono_add(w->now, dur_s(s));
}

static const struct notify_config plain = {.limit = {INT64_C(120000000000)}};

static void test_ready_once_it_serves(void **state)
{
    (void)state;
    struct world w = begin(plain);
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.goes_on = true;
    assert_int_equal(hear(&w), 0);
    w.view.health.is_serving = true;
    assert_int_equal(hear(&w), NOTIFY_READY);
    assert_int_equal(hear(&w), 0);
    w.view.health.is_serving = false;
    w.view.health.state = HEALTH_DEGRADED;
    assert_int_equal(hear(&w), 0);
    assert_int_equal(notify_look(&w.n, &w.view, w.now).wake.ns, MONO_NEVER.ns);
}

static void test_ready_in_an_outage_that_ends_nothing(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.goes_on = true;
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.health.state = HEALTH_DEGRADED;
    assert_int_equal(hear(&w), NOTIFY_READY);
}

static void test_not_ready_while_a_start_may_still_end(void **state)
{
    (void)state;
    struct world w = begin(plain);
    (void)hear(&w);
    w.view.health.state = HEALTH_DEGRADED;
    assert_int_equal(hear(&w), 0);
    w.view.health.is_serving = true; /* a stored identity with `startup: exit` */
    assert_int_equal(hear(&w), 0);
    pass(&w, 100);
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.goes_on = true;
    assert_int_equal(hear(&w), NOTIFY_READY);
}

/* One output hangs in the system, and would have the others ended with the unit. */
static void test_ready_after_a_minute_when_something_hangs(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.goes_on = true;
    int64_t waited = 0;
    while (!(hear(&w) & NOTIFY_READY)) {
        int64_t s = dur_to_s(until_next(&w));
        pass(&w, s);
        waited += s;
    }
    assert_int_equal(waited, 60);
}

static void test_more_time_is_asked_for_while_it_starts_and_not_for_ever(void **state)
{
    (void)state;
    struct world w = begin(plain);
    int64_t granted = 0;
    for (int64_t t = 0; t < 1000; t += 10, pass(&w, 10))
        if (hear(&w) == NOTIFY_EXTEND)
            granted = t + 30;
    assert_in_range(granted, 120 + 90, 120 + 90 + 30);
    assert_int_equal(notify_look(&w.n, &w.view, w.now).wake.ns, MONO_NEVER.ns);
}

static void test_one_pass_is_ready_when_all_is_written_and_only_then(void **state)
{
    (void)state;
    struct world w = begin((struct notify_config){.one_pass = true});
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.health.is_serving = true;
    pass(&w, 61);
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.is_done = w.view.is_stopping = true;
    w.view.health.state = HEALTH_STOPPING;
    assert_int_equal(hear(&w), NOTIFY_READY);
    assert_int_equal(hear(&w), NOTIFY_STOPPING | NOTIFY_EXTEND);
    assert_int_equal(hear(&w), 0);
}

static void test_one_pass_that_failed_never_was_ready(void **state)
{
    (void)state;
    struct world w = begin((struct notify_config){.one_pass = true});
    (void)hear(&w);
    w.view.health.is_serving = true;
    w.view.is_stopping = true;
    assert_int_equal(hear(&w), NOTIFY_STOPPING | NOTIFY_EXTEND);
}

static void test_stop_of_one_that_was_not_ready_says_only_that(void **state)
{
    (void)state;
    struct world w = begin(plain);
    (void)hear(&w);
    w.view.goes_on = w.view.is_stopping = true;
    pass(&w, 61);
    assert_int_equal(hear(&w), NOTIFY_STOPPING | NOTIFY_EXTEND);
    assert_int_equal(hear(&w), 0);
    assert_int_equal(notify_look(&w.n, &w.view, w.now).wake.ns, MONO_NEVER.ns);
}

static void test_status_is_told_when_it_changes(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.goes_on = w.view.health.is_serving = true;
    say_status(&w, "Serving");
    assert_int_equal(hear(&w), NOTIFY_READY | NOTIFY_STATUS);
    assert_int_equal(hear(&w), 0);
    say_status(&w, "Serving what is valid");
    assert_int_equal(hear(&w), NOTIFY_STATUS);
    assert_int_equal(hear(&w), 0);
}

static void test_it_looks_again_when_time_alone_changes_something(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.goes_on = w.view.health.is_serving = true;
    (void)hear(&w);
    w.view.next_change = mono_add(w.now, dur_s(7));
    assert_int_equal(until_next(&w).ns, dur_s(7).ns);
}

static void test_sign_of_life_comes_twice_in_a_watchdogs_time(void **state)
{
    (void)state;
    struct world w = begin((struct notify_config){.watchdog = dur_s(30)});
    w.view.goes_on = w.view.health.is_serving = true;
    assert_int_equal(hear(&w), NOTIFY_READY | NOTIFY_WATCHDOG);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(until_next(&w).ns, dur_s(15).ns);
        pass(&w, 15);
        assert_int_equal(hear(&w), NOTIFY_WATCHDOG);
    }
    /* An outage is none of its business. */
    w.view.health.is_serving = false;
    w.view.health.state = HEALTH_DEGRADED;
    pass(&w, 15);
    assert_int_equal(hear(&w), NOTIFY_WATCHDOG);
}

static void test_reload_is_told_and_its_end_is(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.is_reloading = true; /* before it is ready that says nothing */
    w.view.goes_on = true;
    assert_int_equal(hear(&w), NOTIFY_EXTEND);
    w.view.health.is_serving = true;
    assert_int_equal(hear(&w), NOTIFY_READY);
    assert_int_equal(hear(&w), NOTIFY_RELOADING);
    assert_int_equal(hear(&w), 0);
    w.view.is_reloading = false;
    assert_int_equal(hear(&w), NOTIFY_READY);
    assert_int_equal(hear(&w), 0);
    w.view.is_reloading = w.view.is_stopping = true;
    assert_int_equal(hear(&w), NOTIFY_STOPPING | NOTIFY_EXTEND);
    assert_int_equal(hear(&w), 0);
}

static void test_what_was_not_taken_is_said_again_in_a_while(void **state)
{
    (void)state;
    struct world w = begin(plain);
    w.view.goes_on = w.view.health.is_serving = true;
    assert_int_equal(notify_look(&w.n, &w.view, w.now).say, NOTIFY_READY);
    notify_unsaid(&w.n, w.now);
    assert_int_equal(until_next(&w).ns, dur_s(5).ns);
    pass(&w, 5);
    assert_int_equal(hear(&w), NOTIFY_READY);
}

static void test_sign_of_life_that_was_not_taken_is_repeated_in_time(void **state)
{
    (void)state;
    struct world w = begin((struct notify_config){.watchdog = dur_s(4)});
    w.view.goes_on = w.view.health.is_serving = true;
    (void)hear(&w);
    pass(&w, 2);
    notify_unsaid(&w.n, w.now);
    assert_true(until_next(&w).ns < dur_s(1).ns);
}

static void assert_text(unsigned say, const char *want)
{
    char text[NOTIFY_TEXT_SIZE];
    assert_string_equal(notify_text(say, "Serving", 1234567, text), want);
}

static void test_datagram_is_in_the_managers_words(void **state)
{
    (void)state;
    assert_text(NOTIFY_READY | NOTIFY_STATUS, "READY=1\nSTATUS=Serving\n");
    assert_text(NOTIFY_RELOADING, "RELOADING=1\nMONOTONIC_USEC=1234567\n");
    assert_text(NOTIFY_STOPPING | NOTIFY_EXTEND | NOTIFY_STATUS,
                "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=Serving\n");
    assert_text(NOTIFY_WATCHDOG, "WATCHDOG=1\n");
    assert_text(0, "");
}

static void test_longest_status_leaves_room_for_the_rest(void **state)
{
    (void)state;
    char status[NOTIFY_STATUS_SIZE], text[NOTIFY_TEXT_SIZE];
    memset(status, 'x', sizeof(status) - 1);
    status[sizeof(status) - 1] = '\0';
    notify_text(~0U, status, INT64_MAX, text);
    assert_non_null(strstr(text, "x\nWATCHDOG=1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready_once_it_serves),
        cmocka_unit_test(test_ready_in_an_outage_that_ends_nothing),
        cmocka_unit_test(test_not_ready_while_a_start_may_still_end),
        cmocka_unit_test(test_ready_after_a_minute_when_something_hangs),
        cmocka_unit_test(test_more_time_is_asked_for_while_it_starts_and_not_for_ever),
        cmocka_unit_test(test_one_pass_is_ready_when_all_is_written_and_only_then),
        cmocka_unit_test(test_one_pass_that_failed_never_was_ready),
        cmocka_unit_test(test_stop_of_one_that_was_not_ready_says_only_that),
        cmocka_unit_test(test_status_is_told_when_it_changes),
        cmocka_unit_test(test_it_looks_again_when_time_alone_changes_something),
        cmocka_unit_test(test_sign_of_life_comes_twice_in_a_watchdogs_time),
        cmocka_unit_test(test_reload_is_told_and_its_end_is),
        cmocka_unit_test(test_what_was_not_taken_is_said_again_in_a_while),
        cmocka_unit_test(test_sign_of_life_that_was_not_taken_is_repeated_in_time),
        cmocka_unit_test(test_datagram_is_in_the_managers_words),
        cmocka_unit_test(test_longest_status_leaves_room_for_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
