/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/stack_table.h"

#include "tests/support/assert_err.h"

static struct stack stack_of(uintptr_t leaf, unsigned depth)
{
    struct stack s = {.depth = depth};
    for (unsigned i = 0; i < depth; i++)
        s.pc[i] = leaf + i;
    return s;
}

static void test_the_same_stack_is_one_entry_per_thread(void **state)
{
    (void)state;
    CLEANUP(stack_table_freep) struct stack_table *t = NULL;
    struct stack a = stack_of(100, 3), b = stack_of(100, 2), c = stack_of(101, 3);
    assert_ok(stack_table_new(10, &t));
    struct stack_entry *e = stack_table_get(t, 1, &a);
    assert_ptr_equal(stack_table_get(t, 1, &a), e);
    assert_ptr_not_equal(stack_table_get(t, 2, &a), e);
    assert_ptr_not_equal(stack_table_get(t, 1, &b), e);
    assert_ptr_not_equal(stack_table_get(t, 1, &c), e);
    assert_int_equal(stack_table_count(t), 1 + 4);
    assert_int_equal(e->stack.depth, 3);
    assert_int_equal(e->stack.pc[2], 102);
    assert_int_equal(e->thread, 1);
}

static void test_full_the_rest_is_counted_together(void **state)
{
    (void)state;
    CLEANUP(stack_table_freep) struct stack_table *t = NULL;
    assert_ok(stack_table_new(100, &t));
    for (uintptr_t i = 0; i < 300; i++) {
        struct stack s = stack_of(i * 1000, STACK_DEPTH_MAX);
        stack_table_get(t, 1, &s)->values[0] += 1;
    }
    assert_int_equal(stack_table_count(t), 101);
    assert_int_equal(stack_table_at(t, 0)->stack.depth, 0);
    assert_int_equal(stack_table_at(t, 0)->values[0], 200);
    struct stack known = stack_of(99 * 1000, STACK_DEPTH_MAX);
    assert_ptr_equal(stack_table_get(t, 1, &known), stack_table_at(t, 100));
}

static void test_a_copy_stays_while_the_first_goes_on(void **state)
{
    (void)state;
    CLEANUP(stack_table_freep) struct stack_table *t = NULL, *copy = NULL;
    struct stack a = stack_of(1, 1), b = stack_of(2, 2);
    assert_ok(stack_table_new(10, &t));
    stack_table_get(t, 0, &a)->values[3] = 7;
    assert_ok(stack_table_copy(t, &copy));
    stack_table_get(t, 0, &a)->values[3] = 8;
    stack_table_get(t, 0, &b);
    assert_int_equal(stack_table_count(copy), 2);
    assert_int_equal(stack_table_get(copy, 0, &a)->values[3], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_stack_is_one_entry_per_thread),
        cmocka_unit_test(test_full_the_rest_is_counted_together),
        cmocka_unit_test(test_a_copy_stays_while_the_first_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
