/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/sample_ring.h"

#include "tests/support/assert_err.h"

#include <pthread.h>
#include <sched.h>

#define PRODUCERS 4
#define EACH 20000

static bool put(struct sample_ring *r, pid_t thread, unsigned weight)
{
    size_t ticket = 0;
    struct sample *s = sample_ring_claim(r, &ticket);
    if (!s)
        return false;
    s->thread = thread;
    s->weight = weight;
    s->stack = (struct stack){.depth = 1, .pc = {weight}};
    sample_ring_publish(r, ticket);
    return true;
}

static void test_samples_come_out_in_their_order(void **state)
{
    (void)state;
    CLEANUP(sample_ring_freep) struct sample_ring *r = NULL;
    assert_ok(sample_ring_new(&r));
    for (unsigned round = 0; round < 3 * SAMPLE_RING_SIZE; round++) {
        assert_null(sample_ring_front(r));
        assert_true(put(r, 1, round));
        assert_true(put(r, 2, round));
        assert_int_equal(sample_ring_front(r)->thread, 1);
        sample_ring_pop(r);
        assert_int_equal(sample_ring_front(r)->thread, 2);
        assert_int_equal(sample_ring_front(r)->weight, round);
        sample_ring_pop(r);
    }
}

static void test_full_it_drops_and_counts(void **state)
{
    (void)state;
    CLEANUP(sample_ring_freep) struct sample_ring *r = NULL;
    assert_ok(sample_ring_new(&r));
    for (unsigned i = 0; i < SAMPLE_RING_SIZE; i++)
        assert_true(put(r, 1, i));
    assert_false(put(r, 1, 0));
    assert_false(put(r, 1, 0));
    assert_int_equal(sample_ring_dropped(r), 2);
    assert_int_equal(sample_ring_front(r)->weight, 0);
    sample_ring_pop(r);
    assert_true(put(r, 1, SAMPLE_RING_SIZE));
    assert_int_equal(sample_ring_front(r)->weight, 1);
}

static void test_one_under_way_holds_up_the_rest_and_loses_none(void **state)
{
    (void)state;
    CLEANUP(sample_ring_freep) struct sample_ring *r = NULL;
    size_t ticket = 0;
    assert_ok(sample_ring_new(&r));
    struct sample *first = sample_ring_claim(r, &ticket);
    assert_non_null(first);
    assert_true(put(r, 2, 2));
    assert_null(sample_ring_front(r));
    first->weight = 1;
    sample_ring_publish(r, ticket);
    assert_int_equal(sample_ring_front(r)->weight, 1);
}

struct producer {
    struct sample_ring *ring;
    pid_t number;
};

static void *produce(void *arg)
{
    const struct producer *p = arg;
    for (unsigned i = 0; i < EACH; i++) {
        while (!put(p->ring, p->number, i))
            sched_yield();
    }
    return NULL;
}

static void test_many_producers_none_is_lost_or_torn(void **state)
{
    (void)state;
    CLEANUP(sample_ring_freep) struct sample_ring *r = NULL;
    pthread_t threads[PRODUCERS];
    struct producer producers[PRODUCERS];
    unsigned next[PRODUCERS] = {0};

    assert_ok(sample_ring_new(&r));
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){r, i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (unsigned n = 0; n < PRODUCERS * EACH;) {
        const struct sample *s = sample_ring_front(r);
        if (!s) {
            sched_yield();
            continue;
        }
        assert_int_equal(s->weight, next[s->thread]++);
        assert_int_equal(s->stack.pc[0], s->weight);
        sample_ring_pop(r);
        n++;
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_come_out_in_their_order),
        cmocka_unit_test(test_full_it_drops_and_counts),
        cmocka_unit_test(test_one_under_way_holds_up_the_rest_and_loses_none),
        cmocka_unit_test(test_many_producers_none_is_lost_or_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
