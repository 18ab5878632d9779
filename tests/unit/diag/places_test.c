/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/places.h"

#include "tests/support/assert_err.h"

#define REMOTE (PLACES_MAX - PLACES_LOCAL)
#define LOCAL (PLACES_MAX - PLACES_REMOTE)

static struct mono at(int64_t s)
{
    return (struct mono){dur_s(s).ns};
}

/* So many on `listener`, one a second from `first` on. */
static void fill(struct places *p, size_t n, unsigned listener, bool is_local, int64_t first)
{
    for (size_t i = 0; i < n; i++)
        assert_non_null(places_take(p, listener, is_local, at(first + (int64_t)i)));
}

static void test_network_leaves_the_places_of_the_socket(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, REMOTE, 0, false, 0);
    assert_null(places_take(&p, 0, false, at(100)));
    fill(&p, PLACES_LOCAL, 1, true, 100);
    assert_null(places_take(&p, 1, true, at(200)));
}

/* Whoever may connect to a socket of systemd's, which has the mode that its unit says. */
static void test_socket_leaves_the_places_of_the_network(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, LOCAL, 1, true, 0);
    assert_null(places_take(&p, 1, true, at(100)));
    assert_null(places_victim(&p, 0, false)); /* the network takes nothing from it */
    fill(&p, PLACES_REMOTE, 0, false, 100);
    struct place *victim = places_victim(&p, 2, true); /* one more of its own is one too many */
    assert_true(victim->is_local);
    place_leave(victim);
    assert_non_null(places_take(&p, 2, true, at(200)));
}

static void test_socket_may_take_the_place_of_the_network(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, REMOTE, 0, false, 0);
    fill(&p, PLACES_LOCAL, 1, true, 100);
    for (size_t i = 0; i < PLACES_LOCAL; i++)
        place_hold(&p.at[REMOTE + i], at(1000));
    assert_false(places_victim(&p, 1, true)->is_local);
}

/* All that are held on both sides leave some that give way. */
static void test_network_finds_room_beside_those_that_are_held(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, LOCAL, 1, true, 0);
    fill(&p, PLACES_REMOTE, 0, false, 100);
    for (size_t i = 0; i < PLACES_HELD_MAX; i++)
        place_hold(&p.at[LOCAL + i], at(1000));
    assert_non_null(places_victim(&p, 0, false));
}

static void test_who_waits_longest_on_the_same_listener_gives_way(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, 10, 0, false, 0);
    fill(&p, REMOTE - 10, 1, false, 100);
    assert_int_equal(places_victim(&p, 1, false)->since.ns, at(100).ns);
    assert_int_equal(places_victim(&p, 0, false)->since.ns, at(0).ns);
    assert_int_equal(places_victim(&p, 2, false)->since.ns, at(0).ns);
}

static void test_one_being_answered_gives_way_last(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, 2, 0, false, 0);
    place_begin_answer(places_victim(&p, 0, false), at(2));
    assert_int_equal(places_victim(&p, 0, false)->since.ns, at(1).ns);
    place_begin_answer(places_victim(&p, 0, false), at(3));
    assert_int_equal(places_victim(&p, 0, false)->since.ns, at(2).ns);
    assert_int_equal(places_count(&p, PLACE_ANSWERING), 2);
}

static void test_after_an_answer_it_is_the_youngest_again(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, 2, 0, false, 0);
    struct place *first = places_victim(&p, 0, false);
    place_begin_answer(first, at(2));
    place_end_answer(first, at(3));
    assert_int_equal(places_victim(&p, 0, false)->since.ns, at(1).ns);
    assert_int_equal(first->deadline.ns, at(33).ns);
}

static void test_deadline_is_ten_seconds_for_a_request_thirty_for_the_rest(void **state)
{
    (void)state;
    struct places p = {0};
    assert_int_equal(places_next_deadline(&p).ns, MONO_NEVER.ns);
    struct place *one = places_take(&p, 0, false, at(0));
    assert_int_equal(places_next_deadline(&p).ns, at(10).ns);
    assert_null(places_overdue(&p, (struct mono){at(10).ns - 1}));
    assert_ptr_equal(places_overdue(&p, at(10)), one);
    place_begin_answer(one, at(5));
    assert_int_equal(places_next_deadline(&p).ns, at(35).ns);
    place_leave(one);
    assert_null(places_overdue(&p, at(100)));
}

/* A new one on `listener`, held from `t` on. */
static struct place *hold_one(struct places *p, unsigned listener, bool is_local, int64_t t)
{
    struct place *one = places_take(p, listener, is_local, at(t));
    assert_non_null(one);
    place_begin_answer(one, at(t));
    place_hold(one, at(t + 100));
    return one;
}

static void test_held_one_neither_gives_way_nor_runs_out_of_time(void **state)
{
    (void)state;
    struct places p = {0};
    hold_one(&p, 0, false, 0);
    assert_null(places_victim(&p, 0, false));
    assert_null(places_victim(&p, 1, true));
    assert_int_equal(places_next_deadline(&p).ns, MONO_NEVER.ns);
    assert_null(places_overdue(&p, at(1000000)));
}

static void test_held_ones_are_few_on_each_side(void **state)
{
    (void)state;
    struct places p = {0};
    struct place *last = NULL;
    for (size_t i = 0; i < PLACES_HELD_MAX; i++) {
        assert_true(places_may_hold(&p, false));
        last = hold_one(&p, 0, false, 0);
    }
    assert_false(places_may_hold(&p, false));
    assert_true(places_may_hold(&p, true));
    fill(&p, REMOTE - PLACES_HELD_MAX, 0, false, 10); /* others come on */
    assert_non_null(places_victim(&p, 0, false));
    place_leave(last);
    assert_true(places_may_hold(&p, false));
}

static void test_the_first_to_ask_again_is_found(void **state)
{
    (void)state;
    struct places p = {0};
    assert_int_equal(places_next_ask(&p).ns, MONO_NEVER.ns);
    hold_one(&p, 0, false, 20);
    struct place *first = hold_one(&p, 0, false, 10);
    assert_int_equal(places_next_ask(&p).ns, at(110).ns);
    place_begin_answer(first, at(50));
    assert_int_equal(places_next_ask(&p).ns, at(120).ns);
}

static void test_each_listener_counts_its_own(void **state)
{
    (void)state;
    struct places p = {0};
    size_t all = 0, held = 0;
    fill(&p, 3, 0, false, 0);
    hold_one(&p, 1, true, 0);
    fill(&p, 1, 1, true, 0);
    places_count_on(&p, 0, &all, &held);
    assert_int_equal(all, 3);
    assert_int_equal(held, 0);
    places_count_on(&p, 1, &all, &held);
    assert_int_equal(all, 2);
    assert_int_equal(held, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_leaves_the_places_of_the_socket),
        cmocka_unit_test(test_socket_leaves_the_places_of_the_network),
        cmocka_unit_test(test_socket_may_take_the_place_of_the_network),
        cmocka_unit_test(test_network_finds_room_beside_those_that_are_held),
        cmocka_unit_test(test_who_waits_longest_on_the_same_listener_gives_way),
        cmocka_unit_test(test_one_being_answered_gives_way_last),
        cmocka_unit_test(test_after_an_answer_it_is_the_youngest_again),
        cmocka_unit_test(test_deadline_is_ten_seconds_for_a_request_thirty_for_the_rest),
        cmocka_unit_test(test_held_one_neither_gives_way_nor_runs_out_of_time),
        cmocka_unit_test(test_held_ones_are_few_on_each_side),
        cmocka_unit_test(test_the_first_to_ask_again_is_found),
        cmocka_unit_test(test_each_listener_counts_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
