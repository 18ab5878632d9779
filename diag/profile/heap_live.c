/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/heap_live.h"

#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>

RESULT heap_live_new(struct heap_live **ret)
{
    struct heap_live *l =
        mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (l == MAP_FAILED)
        return err_nomem();
    *ret = l;
    return NULL;
}

void heap_live_free(struct heap_live *l)
{
    if (l)
        munmap(l, sizeof(*l));
}

/* Blocks are 16 bytes apart at least. */
static size_t home(const void *p)
{
    return (size_t)(((uint64_t)(uintptr_t)p >> 4) * 0x9e3779b97f4a7c15U >> 32) % HEAP_LIVE_SLOTS;
}

static size_t next(size_t i)
{
    return (i + 1) % HEAP_LIVE_SLOTS;
}

bool heap_live_may_have(const struct heap_live *l, const void *p)
{
    /* Who frees a block got it from who allocated it: that ordered the two already. */
    return atomic_load_explicit(&l->filter[home(p)], memory_order_relaxed) != 0;
}

static void count(struct heap_live *l, const void *p, int by)
{
    unsigned char n = atomic_load_explicit(&l->filter[home(p)], memory_order_relaxed);

    if (n != UCHAR_MAX)
        atomic_store_explicit(&l->filter[home(p)], (unsigned char)(n + by), memory_order_relaxed);
}

bool heap_live_add(struct heap_live *l, const struct heap_sample *s)
{
    size_t i = home(s->p);

    if (l->n == HEAP_LIVE_MAX)
        return false;
    while (l->slots[i].p)
        i = next(i);
    l->slots[i] = *s;
    l->n++;
    count(l, s->p, 1);
    return true;
}

/* Moves up those behind a freed slot that were put there because it was taken. */
static void close_hole(struct heap_live *l, size_t hole)
{
    for (size_t i = next(hole); l->slots[i].p; i = next(i)) {
        size_t wanted = home(l->slots[i].p);
        size_t from_hole = (i - hole) % HEAP_LIVE_SLOTS;
        size_t from_home = (i - wanted) % HEAP_LIVE_SLOTS;
        if (from_home < from_hole)
            continue;
        l->slots[hole] = l->slots[i];
        hole = i;
    }
    l->slots[hole].p = NULL;
}

bool heap_live_remove(struct heap_live *l, const void *p, struct heap_sample *ret)
{
    for (size_t i = home(p); l->slots[i].p; i = next(i)) {
        if (l->slots[i].p != p)
            continue;
        *ret = l->slots[i];
        close_hole(l, i);
        l->n--;
        count(l, p, -1);
        return true;
    }
    return false;
}
