/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_STACK_TABLE_H
#define TBOT_DIAG_PROFILE_STACK_TABLE_H

/*
 * What was counted, by stack. Bounded, and of memory of its own: the heap profile fills it from inside
 * malloc().
 *
 * When it is full, further stacks are counted together in the first entry, which has no frames: the
 * sums stay right.
 *
 * Threads: one at a time.
 */

#include "base/cleanup.h"
#include "base/err.h"
#include "diag/profile/stack.h"

#include <stddef.h>
#include <sys/types.h>

#define STACK_TABLE_VALUES 4

struct stack_entry {
    pid_t thread; /* 0: of all threads */
    struct stack stack;
    double values[STACK_TABLE_VALUES];
};

struct stack_table;

/* For at most `max` stacks. Memory is used only as they come. */
RESULT stack_table_new(size_t max, struct stack_table **ret);
void stack_table_free(struct stack_table *t); /* accepts NULL */
DEFINE_FREEP(stack_table)

/* The same in memory of its own, for who reads while the first is filled on. */
RESULT stack_table_copy(const struct stack_table *t, struct stack_table **ret);

/* The entry of that stack, made if need be; stays where it is. */
struct stack_entry *stack_table_get(struct stack_table *t, pid_t thread, const struct stack *s);

/* From 0 on; the first is that without frames, for what found no place. */
size_t stack_table_count(const struct stack_table *t);
const struct stack_entry *stack_table_at(const struct stack_table *t, size_t i);

#endif
