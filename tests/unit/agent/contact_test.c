/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/contact.h"
#include "tests/support/fake_entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct fake_entropy dice;
    struct contact c;
    struct mono now;
    struct contact_todo todo; /* of the last step */
};

static void setup(struct fixture *f, uint64_t seed)
{
    fake_entropy_init(&f->dice, seed);
    f->now = (struct mono){1000000000};
    contact_init(&f->c, &f->dice.entropy, f->now);
}

static void tell(struct fixture *f, enum contact_event_kind kind)
{
    f->todo = contact_step(&f->c, &(struct contact_event){.kind = kind}, f->now);
}

static void answer(struct fixture *f, enum err_code code)
{
    assert_true(f->c.checking);
    f->todo =
        contact_step(&f->c, &(struct contact_event){.kind = CONTACT_CHECKED, .code = code}, f->now);
}

static void pass(struct fixture *f, int64_t ms)
{
    f->now = mono_add(f->now, dur_ms(ms));
}

/* Lets time pass until the next check begins; returns for how long, in milliseconds. */
static int64_t wait_for_check(struct fixture *f)
{
    assert_false(f->c.checking);
    assert_true(f->todo.wake.ns != MONO_NEVER.ns);
    int64_t ms = dur_to_ms(mono_diff(f->todo.wake, f->now));
    f->now = f->todo.wake;
    tell(f, CONTACT_TIMER);
    assert_true(f->todo.check);
    return ms;
}

static void setup_up(struct fixture *f, uint64_t seed)
{
    setup(f, seed);
    tell(f, CONTACT_LOOK);
    answer(f, ERR_OK);
    assert_int_equal(f->c.state, CONTACT_UP);
}

static void setup_down(struct fixture *f, uint64_t seed)
{
    setup_up(f, seed);
    tell(f, CONTACT_LOOK);
    answer(f, ERR_UNAVAILABLE);
    assert_int_equal(f->c.state, CONTACT_DOWN);
}

static void test_nothing_is_done_before_the_first_look(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, 1);
    static const enum contact_event_kind kinds[] = {CONTACT_TIMER, CONTACT_SUSPECT, CONTACT_CALLED,
                                                    CONTACT_CHECKED};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        tell(&f, kinds[i]);
        assert_false(f.todo.check);
        assert_true(f.todo.wake.ns == MONO_NEVER.ns);
    }
    assert_int_equal(f.c.state, CONTACT_UNKNOWN);
    tell(&f, CONTACT_LOOK);
    assert_true(f.todo.check);
    assert_true(f.todo.wake.ns == MONO_NEVER.ns);
}

static void test_first_answer_is_no_return(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, 1);
    tell(&f, CONTACT_LOOK);
    answer(&f, ERR_OK);
    assert_int_equal(f.c.state, CONTACT_UP);
    assert_false(f.todo.has_returned);
    assert_false(f.todo.is_lost);
    assert_true(f.c.last_contact.ns == f.now.ns);
}

static void test_health_is_checked_every_minute_or_so(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 1);
    for (int i = 0; i < 50; i++) {
        assert_in_range(wait_for_check(&f), 54000, 66000);
        answer(&f, ERR_OK);
        assert_false(f.todo.is_lost || f.todo.has_returned);
    }
}

static void test_a_call_puts_the_next_check_off(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 1);
    for (int i = 0; i < 10; i++) {
        pass(&f, 50000);
        tell(&f, CONTACT_CALLED);
        assert_false(f.todo.check);
    }
    assert_true(f.c.last_contact.ns == f.now.ns);
    assert_in_range(wait_for_check(&f), 54000, 66000);
}

static void test_suspicion_is_checked_within_five_seconds(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fixture f;
        setup_up(&f, seed);
        tell(&f, CONTACT_SUSPECT);
        int64_t ms = wait_for_check(&f);
        assert_in_range(ms, 0, 5000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_true(least < 500 && most > 4500); /* a fleet spreads out */
}

static void test_many_suspicions_bring_the_check_no_nearer_than_one(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fixture f;
        setup_up(&f, seed);
        tell(&f, CONTACT_SUSPECT);
        struct mono at = f.todo.wake;
        for (int i = 0; i < 100; i++)
            tell(&f, CONTACT_SUSPECT);
        assert_true(f.todo.wake.ns == at.ns || f.todo.check);
    }
}

static void test_suspicion_alone_changes_no_answer(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 3);
    tell(&f, CONTACT_SUSPECT);
    assert_int_equal(f.c.state, CONTACT_UP);
    wait_for_check(&f);
    answer(&f, ERR_OK);
    assert_int_equal(f.c.state, CONTACT_UP);
    assert_false(f.todo.is_lost || f.todo.has_returned);
}

static void test_a_call_after_a_suspicion_takes_it_back(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 3);
    tell(&f, CONTACT_SUSPECT);
    tell(&f, CONTACT_CALLED);
    assert_in_range(wait_for_check(&f), 54000, 66000);
}

static void test_suspicion_during_a_check_outlives_its_success(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 4);
    tell(&f, CONTACT_LOOK);
    tell(&f, CONTACT_SUSPECT);
    assert_false(f.todo.check); /* one at a time */
    answer(&f, ERR_OK);
    assert_in_range(wait_for_check(&f), 0, 5000);
    answer(&f, ERR_OK);
    assert_in_range(wait_for_check(&f), 54000, 66000);
}

static void test_loss_and_return_are_told_once_with_their_length(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 5);
    pass(&f, 20000);
    tell(&f, CONTACT_LOOK);
    answer(&f, ERR_TIMEOUT);
    assert_true(f.todo.is_lost);
    assert_int_equal(dur_to_s(f.todo.lasted), 20);
    assert_int_equal(f.c.last_code, ERR_TIMEOUT);
    struct mono lost = f.now;
    wait_for_check(&f);
    answer(&f, ERR_UNAVAILABLE);
    assert_false(f.todo.is_lost || f.todo.has_returned);
    assert_int_equal(f.c.failures, 2);
    wait_for_check(&f);
    answer(&f, ERR_OK);
    assert_true(f.todo.has_returned);
    assert_true(f.todo.lasted.ns == mono_diff(f.now, lost).ns);
    assert_int_equal(f.c.failures, 0);
    assert_false(contact_is_well(&f.c));
}

static void test_recovery_is_proven_by_a_second_check_whatever_calls_say(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 5);
    wait_for_check(&f);
    answer(&f, ERR_OK);
    pass(&f, 5000);
    tell(&f, CONTACT_CALLED); /* would put it off if all were well */
    assert_in_range(wait_for_check(&f), 5000, 7000);
    assert_false(contact_is_well(&f.c));
    answer(&f, ERR_OK);
    assert_true(contact_is_well(&f.c));
    assert_in_range(wait_for_check(&f), 54000, 66000);

    /* A refusal is contact, and nothing to call well. */
    answer(&f, ERR_DENIED);
    assert_int_equal(f.c.state, CONTACT_UP);
    assert_in_range(wait_for_check(&f), 54000, 66000);
    answer(&f, ERR_OK);
    assert_in_range(wait_for_check(&f), 10000, 12000);
    answer(&f, ERR_UNAVAILABLE); /* no proof: from the start again */
    wait_for_check(&f);
    answer(&f, ERR_OK);
    assert_in_range(wait_for_check(&f), 10000, 12000);
}

static void test_outage_is_probed_near_at_first_and_slower_later(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 6);
    struct mono lost = f.now;
    while (mono_diff(f.now, lost).ns < dur_s(2 * 3600).ns) {
        int64_t s = dur_to_s(mono_diff(f.now, lost));
        int64_t ms = wait_for_check(&f);
        if (s < 300)
            assert_in_range(ms, 9000, 11000);
        else if (s < 3600)
            assert_in_range(ms, 27000, 33000);
        else
            assert_in_range(ms, 54000, 66000);
        answer(&f, ERR_UNAVAILABLE);
    }
}

static void test_a_slow_check_does_not_lengthen_the_period(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 7);
    wait_for_check(&f);
    pass(&f, 8000);
    answer(&f, ERR_TIMEOUT);
    assert_in_range(wait_for_check(&f), 1000, 3000);
    pass(&f, 60000);
    answer(&f, ERR_TIMEOUT);
    assert_int_equal(wait_for_check(&f), 1000); /* but there is a rest */
}

static void test_suspicion_in_an_outage_brings_no_check(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 8);
    struct mono at = f.todo.wake;
    for (int i = 0; i < 100; i++)
        tell(&f, CONTACT_SUSPECT);
    assert_true(f.todo.wake.ns == at.ns);
}

static void test_a_call_in_an_outage_is_checked_at_once(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 9);
    tell(&f, CONTACT_CALLED);
    assert_true(f.todo.check);
    assert_int_equal(f.c.state, CONTACT_DOWN);
    answer(&f, ERR_OK);
    assert_true(f.todo.has_returned);
}

static void test_a_call_during_a_failing_check_brings_the_next_one_soon(void **state)
{
    (void)state;
    struct fixture f;
    setup_up(&f, 10);
    tell(&f, CONTACT_LOOK);
    tell(&f, CONTACT_CALLED);
    answer(&f, ERR_TIMEOUT);
    assert_true(f.todo.is_lost);
    assert_in_range(wait_for_check(&f), 0, 5000);
}

static void test_look_checks_at_once(void **state)
{
    (void)state;
    struct fixture f;
    setup_down(&f, 11);
    tell(&f, CONTACT_LOOK);
    assert_true(f.todo.check);
    tell(&f, CONTACT_LOOK);
    assert_false(f.todo.check);
    answer(&f, ERR_UNAVAILABLE);
    assert_in_range(wait_for_check(&f), 9000, 11000); /* the answer did for both */
}

static void test_a_refusal_is_an_answer(void **state)
{
    (void)state;
    static const enum err_code codes[] = {ERR_BUSY,     ERR_DENIED,  ERR_LOCKED,
                                          ERR_REJECTED, ERR_EXPIRED, ERR_UNIMPLEMENTED};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct fixture f;
        setup_down(&f, 12);
        wait_for_check(&f);
        answer(&f, codes[i]);
        assert_true(f.todo.has_returned);
        assert_int_equal(f.c.last_code, codes[i]);
    }
}

static void test_a_stranger_is_no_contact(void **state)
{
    (void)state;
    static const enum err_code codes[] = {ERR_UNTRUSTED, ERR_PROTOCOL, ERR_NOT_FOUND};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct fixture f;
        setup_up(&f, 13);
        tell(&f, CONTACT_LOOK);
        answer(&f, codes[i]);
        assert_true(f.todo.is_lost);
    }
}

static void test_a_failure_of_our_own_changes_nothing(void **state)
{
    (void)state;
    struct fixture up, down;
    setup_up(&up, 14);
    setup_down(&down, 14);
    tell(&up, CONTACT_LOOK);
    answer(&up, ERR_NOMEM);
    assert_int_equal(up.c.state, CONTACT_UP);
    assert_in_range(wait_for_check(&up), 9000, 11000);
    wait_for_check(&down);
    answer(&down, ERR_CANCELLED);
    assert_int_equal(down.c.state, CONTACT_DOWN);
}

static void test_hear_tells_silence_from_refusal(void **state)
{
    (void)state;
    struct contact_event ev;
    assert_true(contact_hear(ERR_OK, &ev));
    assert_int_equal(ev.kind, CONTACT_CALLED);
    static const enum err_code silent[] = {ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_NOT_FOUND,
                                           ERR_UNTRUSTED, ERR_PROTOCOL};
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        assert_true(contact_hear(silent[i], &ev));
        assert_int_equal(ev.kind, CONTACT_SUSPECT);
    }
    static const enum err_code mute[] = {ERR_BUSY, ERR_DENIED, ERR_STORAGE, ERR_NOMEM};
    for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++)
        assert_false(contact_hear(mute[i], &ev));
}

static void test_state_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(contact_state_name(CONTACT_UNKNOWN), "unknown");
    assert_string_equal(contact_state_name(CONTACT_UP), "up");
    assert_string_equal(contact_state_name(CONTACT_DOWN), "down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_done_before_the_first_look),
        cmocka_unit_test(test_first_answer_is_no_return),
        cmocka_unit_test(test_health_is_checked_every_minute_or_so),
        cmocka_unit_test(test_a_call_puts_the_next_check_off),
        cmocka_unit_test(test_suspicion_is_checked_within_five_seconds),
        cmocka_unit_test(test_many_suspicions_bring_the_check_no_nearer_than_one),
        cmocka_unit_test(test_suspicion_alone_changes_no_answer),
        cmocka_unit_test(test_a_call_after_a_suspicion_takes_it_back),
        cmocka_unit_test(test_suspicion_during_a_check_outlives_its_success),
        cmocka_unit_test(test_loss_and_return_are_told_once_with_their_length),
        cmocka_unit_test(test_recovery_is_proven_by_a_second_check_whatever_calls_say),
        cmocka_unit_test(test_outage_is_probed_near_at_first_and_slower_later),
        cmocka_unit_test(test_a_slow_check_does_not_lengthen_the_period),
        cmocka_unit_test(test_suspicion_in_an_outage_brings_no_check),
        cmocka_unit_test(test_a_call_in_an_outage_is_checked_at_once),
        cmocka_unit_test(test_a_call_during_a_failing_check_brings_the_next_one_soon),
        cmocka_unit_test(test_look_checks_at_once),
        cmocka_unit_test(test_a_refusal_is_an_answer),
        cmocka_unit_test(test_a_stranger_is_no_contact),
        cmocka_unit_test(test_a_failure_of_our_own_changes_nothing),
        cmocka_unit_test(test_hear_tells_silence_from_refusal),
        cmocka_unit_test(test_state_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
