/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/heap_profile.h"

#include "diag/profile/heap_hook.h"
#include "diag/profile/heap_live.h"
#include "diag/profile/profile.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#define STACKS_MAX 4096
#define FRAMES_OF_MALLOC 2 /* heap_hook_took(), malloc() */

/* Places of the values in a stack's entry. */
enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE };

atomic_bool heap_hook_is_on;

static struct {
    pthread_mutex_t lock; /* of everything but `live`'s filter */
    double rate;
    struct stack_table *stacks;
    struct heap_live *live;
    size_t
        missed; /* samples without a place: they are in what was allocated, not in what is used */
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Of each thread, so that allocating shares nothing between samples. */
static _Thread_local struct {
    bool is_inside; /* this file's own allocations are not looked at */
    uint64_t seed;  /* 0: none yet */
    double left;    /* bytes until the next sample */
} mine;

/*
 * How far to the next sample: exponentially distributed, so that no pattern of sizes can hide between
 * samples. By xorshift: it decides nothing but which allocations are seen.
 */
static double draw_distance(void)
{
    if (mine.seed == 0)
        mine.seed = (uintptr_t)&mine;
    mine.seed ^= mine.seed << 13;
    mine.seed ^= mine.seed >> 7;
    mine.seed ^= mine.seed << 17;
    double u = (double)(mine.seed >> 11) * 0x1p-53; /* in [0, 1) */
    return -log(1 - u) * heap.rate;
}

static bool is_due(size_t size)
{
    bool is_first = mine.seed == 0;

    if (is_first)
        mine.left = draw_distance();
    mine.left -= (double)size;
    if (mine.left > 0)
        return false;
    mine.left = draw_distance();
    return true;
}

/* The lock is held. */
static void record(const void *p, size_t size, const struct stack *at)
{
    struct stack_entry *e = stack_table_get(heap.stacks, 0, at);
    struct heap_sample s = {
        .p = p, .size = size, .weight = 1 / -expm1(-(double)size / heap.rate), .at = e};

    e->values[ALLOC_OBJECTS] += s.weight;
    e->values[ALLOC_SPACE] += s.weight * (double)size;
    if (!heap_live_add(heap.live, &s)) {
        heap.missed++;
        return;
    }
    e->values[INUSE_OBJECTS] += s.weight;
    e->values[INUSE_SPACE] += s.weight * (double)size;
}

void heap_hook_took(const void *p, size_t size)
{
    if (!p || size == 0 || mine.is_inside || !is_due(size))
        return;
    mine.is_inside = true;
    struct stack at;
    stack_here(FRAMES_OF_MALLOC, &at);
    pthread_mutex_lock(&heap.lock);
    record(p, size, &at);
    pthread_mutex_unlock(&heap.lock);
    mine.is_inside = false;
}

void heap_hook_gives(const void *p)
{
    struct heap_sample s;

    if (!p || !heap_live_may_have(heap.live, p))
        return;
    pthread_mutex_lock(&heap.lock);
    if (heap_live_remove(heap.live, p, &s)) {
        s.at->values[INUSE_OBJECTS] -= s.weight;
        s.at->values[INUSE_SPACE] -= s.weight * (double)s.size;
    }
    pthread_mutex_unlock(&heap.lock);
}

RESULT heap_profile_start(size_t rate)
{
    CLEANUP(stack_table_freep) struct stack_table *stacks = NULL;
    CLEANUP(heap_live_freep) struct heap_live *live = NULL;

    if (!&heap_hook_is_linked || !stack_is_supported())
        return err_new(ERR_UNIMPLEMENTED, "heap profile: this build of the program has none");
    TRY(stack_table_new(STACKS_MAX, &stacks));
    TRY(heap_live_new(&live));
    stack_prepare();
    heap.rate = (double)rate;
    heap.stacks = TAKE(stacks);
    heap.live = TAKE(live);
    atomic_store(&heap_hook_is_on, true);
    return NULL;
}

static struct err *copy(struct stack_table **ret, size_t *ret_missed)
{
    mine.is_inside = true; /* an error is allocated, too, and would wait for the lock */
    pthread_mutex_lock(&heap.lock);
    struct err *e = stack_table_copy(heap.stacks, ret);
    *ret_missed = heap.missed;
    pthread_mutex_unlock(&heap.lock);
    mine.is_inside = false;
    return e;
}

RESULT heap_profile_take(const struct clock *clock, struct buf *out)
{
    CLEANUP(stack_table_freep) struct stack_table *stacks = NULL;
    CLEANUP(buf_release) struct buf comment = BUF_INIT(256);
    size_t missed = 0;

    if (!atomic_load(&heap_hook_is_on))
        return err_new(ERR_UNAVAILABLE, "heap profile: it was not begun");
    TRY(copy(&stacks, &missed));
    if (missed)
        TRY(buf_printf(&comment, "incomplete: %zu samples count as allocated only", missed));
    const struct profile p = {
        .types = {{"alloc_objects", "count"},
                  {"alloc_space", "bytes"},
                  {"inuse_objects", "count"},
                  {"inuse_space", "bytes"}},
        .n_types = 4,
        .shown = "inuse_space",
        .period_type = {"space", "bytes"},
        .period = (int64_t)heap.rate,
        .time = clock_wall(clock),
        .stacks = stacks,
        .comment = comment.len ? buf_str(&comment) : NULL,
    };
    return profile_encode(&p, out);
}
