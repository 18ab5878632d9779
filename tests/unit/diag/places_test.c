/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/places.h"

#include "tests/support/assert_err.h"

#define REMOTE (PLACES_MAX - PLACES_LOCAL)

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

static void test_socket_may_use_what_is_free(void **state)
{
    (void)state;
    struct places p = {0};
    fill(&p, PLACES_MAX, 1, true, 0);
    assert_null(places_take(&p, 1, true, at(100)));
    assert_null(places_victim(&p, 0, false)); /* the network takes nothing from it */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_leaves_the_places_of_the_socket),
        cmocka_unit_test(test_socket_may_use_what_is_free),
        cmocka_unit_test(test_who_waits_longest_on_the_same_listener_gives_way),
        cmocka_unit_test(test_one_being_answered_gives_way_last),
        cmocka_unit_test(test_after_an_answer_it_is_the_youngest_again),
        cmocka_unit_test(test_deadline_is_ten_seconds_for_a_request_thirty_for_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
