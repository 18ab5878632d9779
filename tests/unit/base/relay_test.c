/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/relay_world.h"

#include "tests/support/assert_err.h"

#include <poll.h>
#include <sys/socket.h>

#define RECORD RELAY_WORLD_RECORD
#define BIG RELAY_WORLD_BIG
#define LEAST_TURNS_STUCK 3

static void assert_ends(struct relay_world *w, void (*turn)(struct relay_world *w),
                        enum relay_end expected)
{
    struct err *e = NULL;
    assert_int_equal(relay_world_play(w, turn, &e), expected);
    assert_null(e);
}

static void assert_breaks(struct relay_world *w, void (*turn)(struct relay_world *w),
                          enum err_code code)
{
    struct err *e = NULL;
    assert_int_equal(relay_world_play(w, turn, &e), RELAY_TLS_FAILED);
    assert_fails(e, code, "");
}

/* --- carrying --- */

static void talk(struct relay_world *w)
{
    char text[8] = "";
    size_t n = 0;
    struct err *e = NULL;
    switch (w->n_turns) {
    case 1:
        assert_int_equal(send(w->plain, "ping", 4, 0), 4);
        break;
    case 2:
        assert_int_equal(tls_try_read(w->peer, text, sizeof(text), &n, &e), TLS_DONE);
        assert_int_equal(n, 4);
        assert_memory_equal(text, "ping", 4);
        assert_int_equal(tls_try_write(w->peer, "pong!", 5, &n, &e), TLS_DONE);
        break;
    default:
        assert_int_equal(recv(w->plain, text, sizeof(text), MSG_DONTWAIT), 5);
        assert_memory_equal(text, "pong!", 5);
        cancel_fire(w->cancel);
    }
}

static void test_relay_when_both_sides_talk_carries_both_ways(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, talk, RELAY_CANCELLED);
    assert_int_equal(w->n_turns, 3);
    assert_int_equal(relay_sent(w->relay), 4);
}

/* Takes little at a time, and begins when nothing moves any more. */
static void slow_peer(struct relay_world *w)
{
    relay_world_plain_sends(w);
    if (w->n_stuck >= LEAST_TURNS_STUCK || w->n_got > 0)
        relay_world_peer_reads(w, 1000);
    if (w->n_got == BIG)
        cancel_fire(w->cancel);
}

static void test_relay_when_the_peer_reads_slowly_waits_and_loses_nothing(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, slow_peer, RELAY_CANCELLED);
    assert_int_equal(relay_sent(w->relay), BIG);
    relay_world_assert_peer_got_all(w);
}

static void slow_plain(struct relay_world *w)
{
    relay_world_peer_sends(w);
    if (w->n_stuck >= LEAST_TURNS_STUCK || w->n_got > 0)
        relay_world_plain_reads(w, 1000);
    if (w->n_got == BIG)
        cancel_fire(w->cancel);
}

static void test_relay_when_the_plain_side_reads_slowly_waits_and_loses_nothing(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, slow_plain, RELAY_CANCELLED);
    relay_world_assert_plain_got_all(w);
    assert_int_equal(w->n_got, BIG);
    assert_int_equal(relay_sent(w->relay), 0);
}

/* Nobody reads: nothing moves in the end. */
static void deaf(struct relay_world *w)
{
    relay_world_plain_sends(w);
    if (w->n_stuck == LEAST_TURNS_STUCK) {
        w->n_carried = relay_sent(w->relay);
    } else if (w->n_stuck == 2 * LEAST_TURNS_STUCK) {
        assert_int_equal(relay_sent(w->relay), w->n_carried);
        cancel_fire(w->cancel);
    }
}

static void test_relay_when_nobody_reads_holds_one_record_and_no_more(void **state)
{
    struct relay_world *w = *state;
    int room = 0;
    socklen_t len = sizeof(room);
    assert_int_equal(getsockopt(w->plain, SOL_SOCKET, SO_SNDBUF, &room, &len), 0);
    assert_ends(w, deaf, RELAY_CANCELLED);
    /* Of what the plain side got rid of, some is with TLS; its socket and one record have the rest. */
    assert_in_range(w->n_sent, 1, BIG - 1);
    assert_true(w->n_sent - relay_sent(w->relay) <= (size_t)room + RECORD);
}

/* --- the ends --- */

static void plain_says_all_and_stops(struct relay_world *w)
{
    relay_world_plain_sends(w);
    if (w->n_sent == BIG)
        shutdown(w->plain, SHUT_WR);
    relay_world_peer_reads(w, 5000);
}

static void test_relay_when_the_plain_side_stops_writing_delivers_all_and_ends(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, plain_says_all_and_stops, RELAY_PLAIN_CLOSED);
    relay_world_peer_reads_on(w);
    assert_int_equal(w->n_got, BIG);
    tls_free(TAKE(w->tls)); /* there was no room for the goodbye: now there is */
    relay_world_assert_peer_got_all(w);
}

static void peer_says_all_and_stops(struct relay_world *w)
{
    relay_world_peer_sends(w);
    if (w->n_sent == BIG)
        tls_shutdown(w->peer);
    relay_world_plain_reads(w, 5000);
}

static void test_relay_when_the_peer_ends_delivers_all_and_ends(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, peer_says_all_and_stops, RELAY_TLS_CLOSED);
    relay_world_assert_plain_got_all(w);
    assert_int_equal(w->n_got, BIG);
}

static void test_relay_when_the_connection_is_cut_is_unavailable(void **state)
{
    assert_breaks(*state, relay_world_peer_vanishes, ERR_UNAVAILABLE);
}

static void peer_sends_junk(struct relay_world *w)
{
    static const char junk[] = "this is no TLS record at all, and was not encrypted";
    assert_int_equal(write(tls_fd(w->peer), junk, sizeof(junk)), sizeof(junk));
}

static void test_relay_when_the_data_is_damaged_is_a_protocol_error(void **state)
{
    assert_breaks(*state, peer_sends_junk, ERR_PROTOCOL);
}

static void plain_leaves_with_much_unsaid(struct relay_world *w)
{
    relay_world_plain_sends(w);
    if (w->n_stuck == LEAST_TURNS_STUCK)
        relay_world_plain_closes(w);
}

static void test_relay_when_plain_has_left_does_not_wait_for_a_peer_that_does_not_read(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, plain_leaves_with_much_unsaid, RELAY_PLAIN_CLOSED);
    assert_true(relay_sent(w->relay) < w->n_sent);
}

/* The peer leaves while the plain side still has much to read, and takes its time. */
static void peer_leaves_early(struct relay_world *w)
{
    if (!w->has_left)
        relay_world_peer_sends(w);
    if (w->n_stuck == LEAST_TURNS_STUCK)
        relay_world_peer_vanishes(w);
    if (w->n_stuck >= 2 * LEAST_TURNS_STUCK || w->n_got > 0)
        relay_world_plain_reads(w, BIG);
}

static void test_relay_when_the_peer_left_and_plain_reads_slowly_sleeps_meanwhile(void **state)
{
    struct relay_world *w = *state;
    assert_breaks(w, peer_leaves_early, ERR_UNAVAILABLE);
    relay_world_plain_reads_on(w);
    assert_true(w->n_got > RECORD);
    assert_memory_equal(w->got, w->sent, w->n_got);
}

/* --- cancelling --- */

static void test_relay_when_cancelled_before_carries_nothing(void **state)
{
    struct relay_world *w = *state;
    assert_int_equal(send(w->plain, "ping", 4, 0), 4);
    cancel_fire(w->cancel);
    assert_ends(w, relay_world_plain_sends, RELAY_CANCELLED);
    assert_int_equal(w->n_turns, 0);
    assert_int_equal(relay_sent(w->relay), 0);
    relay_world_assert_peer_got_all(w); /* nothing, and the goodbye */
}

static void cancel_while_asleep(struct relay_world *w)
{
    if (w->n_stuck == LEAST_TURNS_STUCK)
        cancel_fire(w->cancel);
}

static void test_relay_when_cancelled_while_asleep_wakes_and_says_goodbye(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, cancel_while_asleep, RELAY_CANCELLED);
    assert_int_equal(w->n_turns, LEAST_TURNS_STUCK + 1);
    assert_int_equal(w->n_stuck, 0); /* the token woke it */
    relay_world_assert_peer_got_all(w);
}

/* Room is made for what the relay holds in the same turn that ends it. */
static void make_room_and_cancel(struct relay_world *w)
{
    relay_world_peer_sends(w);
    if (w->n_stuck < LEAST_TURNS_STUCK)
        return;
    relay_world_plain_reads_on(w);
    cancel_fire(w->cancel);
}

static void test_relay_when_cancelled_hands_over_what_had_arrived(void **state)
{
    struct relay_world *w = *state;
    assert_ends(w, make_room_and_cancel, RELAY_CANCELLED);
    size_t before = w->n_got;
    relay_world_plain_reads(w, BIG);
    assert_in_range(w->n_got - before, 1, RECORD);
    assert_memory_equal(w->got, w->sent, w->n_got);
}

static void test_relay_when_it_cannot_be_cancelled_ends_with_its_sides(void **state)
{
    struct relay_world *w = *state;
    struct err *e = NULL;
    assert_int_equal(send(w->plain, w->sent, 4, 0), 4);
    w->n_sent = 4;
    relay_world_plain_closes(w);
    assert_int_equal(relay_run(w->relay, NULL, &e), RELAY_PLAIN_CLOSED);
    assert_null(e);
    relay_world_assert_peer_got_all(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, relay_world_set_up, relay_world_tear_down)

/* --- step by step --- */

static struct relay_wants assert_goes_on(struct relay_world *w)
{
    struct relay_wants wants = {0};
    struct err *e = NULL;
    assert_int_equal(relay_step(w->relay, &wants, &e), RELAY_GOES_ON);
    return wants;
}

static void assert_is_over(struct relay_world *w, enum relay_end expected)
{
    struct relay_wants wants = {0};
    struct err *e = NULL;
    assert_int_equal(relay_step(w->relay, &wants, &e), expected);
    assert_ok(e);
}

static void test_step_carries_what_is_there_and_tells_what_it_waits_for(void **state)
{
    struct relay_world *w = *state;
    struct relay_wants wants = assert_goes_on(w);
    assert_int_equal(wants.tls, POLLIN);
    assert_int_equal(wants.plain, POLLIN);
    w->n_sent = BIG - 1000; /* the last thousand */
    relay_world_plain_sends(w);
    assert_goes_on(w);
    assert_int_equal(relay_sent(w->relay), 1000);
    w->n_sent = 0;
    relay_world_peer_sends(w);
    wants = assert_goes_on(w);
    assert_int_equal(wants.tls, 0); /* one record is held, nothing more is read */
    assert_int_equal(wants.plain, POLLIN | POLLOUT);
}

static void test_step_after_the_peers_end_delivers_the_answer(void **state)
{
    struct relay_world *w = *state;
    struct err *e = NULL;
    size_t n = 0;
    char text[8] = "";
    assert_int_equal(tls_try_write(w->peer, "ask", 3, &n, &e), TLS_DONE);
    tls_shutdown(w->peer);
    struct relay_wants wants = assert_goes_on(w);
    assert_int_equal(wants.tls, 0);
    assert_int_equal(wants.plain, POLLIN);
    assert_int_equal(recv(w->plain, text, sizeof(text), MSG_DONTWAIT), 3);
    assert_int_equal(recv(w->plain, text, sizeof(text), MSG_DONTWAIT), 0); /* its end too */
    assert_int_equal(send(w->plain, "answer", 6, 0), 6);
    relay_world_plain_closes(w);
    assert_is_over(w, RELAY_PLAIN_CLOSED);
    assert_int_equal(tls_try_read(w->peer, text, sizeof(text), &n, &e), TLS_DONE);
    assert_int_equal(n, 6);
    assert_int_equal(tls_try_read(w->peer, text, 1, &n, &e), TLS_CLOSED);
}

/* As a server does that has heard enough: it answers and closes with much unread. */
static void test_step_when_the_plain_side_hears_no_more_delivers_what_it_said(void **state)
{
    struct relay_world *w = *state;
    struct err *e = NULL;
    size_t n = 0;
    char text[8] = "";
    relay_world_peer_sends(w);
    assert_goes_on(w);
    assert_int_equal(send(w->plain, "enough", 6, 0), 6);
    relay_world_plain_closes(w);
    assert_is_over(w, RELAY_PLAIN_CLOSED);
    assert_int_equal(tls_try_read(w->peer, text, sizeof(text), &n, &e), TLS_DONE);
    assert_memory_equal(text, "enough", 6);
}

static void test_step_when_the_peer_does_not_read_keeps_the_answer_for_it(void **state)
{
    struct relay_world *w = *state;
    for (size_t before = BIG; w->n_sent != before;) {
        before = w->n_sent;
        relay_world_plain_sends(w);
        struct relay_wants wants = assert_goes_on(w);
        assert_int_equal(wants.tls & POLLOUT, w->n_sent == before ? POLLOUT : wants.tls & POLLOUT);
    }
    relay_world_plain_closes(w);
    struct relay_wants wants = assert_goes_on(w);
    assert_int_equal(wants.plain, 0); /* closed as it is, it would wake us for ever */
    while (w->n_got < w->n_sent) {
        struct err *e = NULL;
        relay_world_peer_reads_on(w);
        enum relay_end end = relay_step(w->relay, &wants, &e);
        assert_true(end == RELAY_GOES_ON || end == RELAY_PLAIN_CLOSED);
    }
    assert_int_equal(w->n_got, w->n_sent);
    assert_memory_equal(w->got, w->sent, w->n_got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_relay_when_both_sides_talk_carries_both_ways),
        TEST(test_relay_when_the_peer_reads_slowly_waits_and_loses_nothing),
        TEST(test_relay_when_the_plain_side_reads_slowly_waits_and_loses_nothing),
        TEST(test_relay_when_nobody_reads_holds_one_record_and_no_more),
        TEST(test_relay_when_the_plain_side_stops_writing_delivers_all_and_ends),
        TEST(test_relay_when_the_peer_ends_delivers_all_and_ends),
        TEST(test_relay_when_the_connection_is_cut_is_unavailable),
        TEST(test_relay_when_the_data_is_damaged_is_a_protocol_error),
        TEST(test_relay_when_plain_has_left_does_not_wait_for_a_peer_that_does_not_read),
        TEST(test_relay_when_the_peer_left_and_plain_reads_slowly_sleeps_meanwhile),
        TEST(test_relay_when_cancelled_before_carries_nothing),
        TEST(test_relay_when_cancelled_while_asleep_wakes_and_says_goodbye),
        TEST(test_relay_when_cancelled_hands_over_what_had_arrived),
        TEST(test_relay_when_it_cannot_be_cancelled_ends_with_its_sides),
        TEST(test_step_carries_what_is_there_and_tells_what_it_waits_for),
        TEST(test_step_after_the_peers_end_delivers_the_answer),
        TEST(test_step_when_the_plain_side_hears_no_more_delivers_what_it_said),
        TEST(test_step_when_the_peer_does_not_read_keeps_the_answer_for_it),
    };
    return cmocka_run_group_tests_name("base/relay", tests, NULL, NULL);
}
