/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop_heap.h"

void loop_heap_release(struct loop_heap *h)
{
    free(h->timers);
    *h = (struct loop_heap){0};
}

struct loop_timer *loop_heap_first(const struct loop_heap *h)
{
    return h->len ? h->timers[0] : NULL;
}

static void place(struct loop_heap *h, size_t i, struct loop_timer *t)
{
    h->timers[i] = t;
    t->slot = i + 1;
}

/* Moves `t`, which belongs at `i` or nearer to the root, to its place. */
static void rise(struct loop_heap *h, size_t i, struct loop_timer *t)
{
    while (i > 0 && mono_before(t->at, h->timers[(i - 1) / 2]->at)) {
        place(h, i, h->timers[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(h, i, t);
}

/* Moves `t`, which belongs at `i` or further from the root, to its place. */
static void sink(struct loop_heap *h, size_t i, struct loop_timer *t)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < h->len && mono_before(h->timers[child + 1]->at, h->timers[child]->at))
            child++;
        if (child >= h->len || !mono_before(h->timers[child]->at, t->at))
            break;
        place(h, i, h->timers[child]);
        i = child;
    }
    place(h, i, t);
}

static struct err *grow(struct loop_heap *h)
{
    size_t cap = h->cap ? h->cap * 2 : 16;
    struct loop_timer **timers = realloc(h->timers, cap * sizeof(struct loop_timer *));
    if (!timers)
        return err_nomem();
    h->timers = timers;
    h->cap = cap;
    return NULL;
}

RESULT loop_heap_add(struct loop_heap *h, struct loop_timer *t)
{
    if (h->len == h->cap)
        TRY(grow(h));
    h->len++;
    rise(h, h->len - 1, t);
    return NULL;
}

void loop_heap_remove(struct loop_heap *h, struct loop_timer *t)
{
    size_t i = t->slot - 1;
    struct loop_timer *last = h->timers[--h->len];
    t->slot = 0;
    if (last == t)
        return;
    if (i > 0 && mono_before(last->at, h->timers[(i - 1) / 2]->at))
        rise(h, i, last);
    else
        sink(h, i, last);
}
