/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/stack_table.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Entries fill up from the front; `slots`, behind them, hashes into them with half of it free. */
struct stack_table {
    size_t max, n;
    size_t mapped;
    uint32_t *slots; /* 0: free; else 1 + the entry's index */
    struct stack_entry entries[];
};

RESULT stack_table_new(size_t max, struct stack_table **ret)
{
    size_t entries = (max + 1) * sizeof(struct stack_entry); /* and the one for the rest */
    size_t mapped = sizeof(struct stack_table) + entries + 2 * max * sizeof(uint32_t);
    struct stack_table *t =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (t == MAP_FAILED)
        return err_nomem();
    t->max = max;
    t->n = 1;
    t->mapped = mapped;
    t->slots = (uint32_t *)(void *)((uint8_t *)t->entries + entries);
    *ret = t;
    return NULL;
}

void stack_table_free(struct stack_table *t)
{
    if (t)
        munmap(t, t->mapped);
}

RESULT stack_table_copy(const struct stack_table *t, struct stack_table **ret)
{
    CLEANUP(stack_table_freep) struct stack_table *copy = NULL;

    TRY(stack_table_new(t->max, &copy));
    memcpy(copy->entries, t->entries, t->n * sizeof(t->entries[0]));
    memcpy(copy->slots, t->slots, 2 * t->max * sizeof(t->slots[0]));
    copy->n = t->n;
    *ret = TAKE(copy);
    return NULL;
}

static size_t hash(pid_t thread, const struct stack *s)
{
    uint64_t h =
        0x9e3779b97f4a7c15U ^ (uint64_t)thread; /* the golden ratio: spreads small numbers */

    for (unsigned i = 0; i < s->depth; i++) {
        h = (h ^ s->pc[i]) * 0xff51afd7ed558ccdU;
        h ^= h >> 32;
    }
    return h;
}

static bool is_same(const struct stack_entry *e, pid_t thread, const struct stack *s)
{
    return e->thread == thread && e->stack.depth == s->depth &&
           memcmp(e->stack.pc, s->pc, s->depth * sizeof(s->pc[0])) == 0;
}

static struct stack_entry *add(struct stack_table *t, uint32_t *slot, pid_t thread,
                               const struct stack *s)
{
    if (t->n > t->max)
        return &t->entries[0];
    struct stack_entry *e = &t->entries[t->n++];
    *slot = (uint32_t)t->n;
    e->thread = thread;
    e->stack.depth = s->depth;
    memcpy(e->stack.pc, s->pc, s->depth * sizeof(s->pc[0]));
    return e;
}

struct stack_entry *stack_table_get(struct stack_table *t, pid_t thread, const struct stack *s)
{
    size_t n_slots = 2 * t->max;

    for (size_t i = hash(thread, s) % n_slots;; i = (i + 1) % n_slots) {
        uint32_t at = t->slots[i];
        if (at == 0)
            return add(t, &t->slots[i], thread, s);
        if (is_same(&t->entries[at - 1], thread, s))
            return &t->entries[at - 1];
    }
}

size_t stack_table_count(const struct stack_table *t)
{
    return t->n;
}

const struct stack_entry *stack_table_at(const struct stack_table *t, size_t i)
{
    return &t->entries[i];
}
