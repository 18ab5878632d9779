/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/heap_live.h"

#include "tests/support/assert_err.h"

static struct heap_live *live;

static int setup(void **state)
{
    (void)state;
    assert_ok(heap_live_new(&live));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    heap_live_free(live);
    return 0;
}

/* Sixteen bytes apart, as malloc() has them; some in two more arenas. */
static const void *block(size_t i)
{
    return (const void *)(0x7f0000000000U + i % 3 * 0x4000000U + i * 16);
}

static bool add(size_t i)
{
    return heap_live_add(live, &(struct heap_sample){.p = block(i), .size = i});
}

static void test_what_was_added_is_found_once(void **state)
{
    (void)state;
    struct heap_sample s;
    assert_false(heap_live_may_have(live, block(7)));
    assert_true(add(7));
    assert_true(heap_live_may_have(live, block(7)));
    assert_true(heap_live_remove(live, block(7), &s));
    assert_int_equal(s.size, 7);
    assert_false(heap_live_may_have(live, block(7)));
    assert_false(heap_live_remove(live, block(7), &s));
}

static void test_full_it_takes_no_more(void **state)
{
    (void)state;
    struct heap_sample s;
    for (size_t i = 0; i < HEAP_LIVE_MAX; i++)
        assert_true(add(i));
    assert_false(add(HEAP_LIVE_MAX));
    assert_true(heap_live_remove(live, block(5), &s));
    assert_true(add(HEAP_LIVE_MAX));
}

/* Removing closes holes: nothing behind one may become unreachable. */
static void test_removed_in_any_order_the_others_stay(void **state)
{
    (void)state;
    struct heap_sample s;
    size_t step = 4099; /* has no divisor in common with the number: all are met */

    for (size_t i = 0; i < HEAP_LIVE_MAX; i++)
        assert_true(add(i));
    for (size_t i = 0, at = 0; i < HEAP_LIVE_MAX; i++, at = (at + step) % HEAP_LIVE_MAX) {
        assert_true(heap_live_may_have(live, block(at)));
        assert_true(heap_live_remove(live, block(at), &s));
        assert_int_equal(s.size, at);
    }
    assert_int_equal(live->n, 0);
    for (size_t i = 0; i < HEAP_LIVE_SLOTS; i++)
        assert_null(live->slots[i].p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_added_is_found_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_it_takes_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_in_any_order_the_others_stay, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
