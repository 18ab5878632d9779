/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_HEAP_LIVE_H
#define TBOT_DIAG_PROFILE_HEAP_LIVE_H

/*
 * The sampled allocations that are not freed yet. Bounded, in memory of its own.
 *
 * Threads: one at a time, but for heap_live_may_have(), which free() asks of every block.
 */

#include "base/err.h"
#include "diag/profile/stack_table.h"

#include <stdatomic.h>

#define HEAP_LIVE_SLOTS 8192
#define HEAP_LIVE_MAX (HEAP_LIVE_SLOTS * 3 / 4)

struct heap_sample {
    const void *p; /* NULL: no sample */
    size_t size;
    double weight; /* how many such allocations it stands for */
    struct stack_entry *at;
};

struct heap_live {
    size_t n;
    /* How many samples hash there; 255 stays: then it is only said too often that there may be one. */
    _Atomic(unsigned char) filter[HEAP_LIVE_SLOTS];
    struct heap_sample slots[HEAP_LIVE_SLOTS];
};

RESULT heap_live_new(struct heap_live **ret);
void heap_live_free(struct heap_live *l); /* accepts NULL */
DEFINE_FREEP(heap_live)

/* False: surely not. */
bool heap_live_may_have(const struct heap_live *l, const void *p);

/* False: there is no room. */
bool heap_live_add(struct heap_live *l, const struct heap_sample *s);

/* False: it is none. */
bool heap_live_remove(struct heap_live *l, const void *p, struct heap_sample *ret);

#endif
