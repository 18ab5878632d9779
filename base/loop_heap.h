/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_LOOP_HEAP_H
#define TBOT_BASE_LOOP_HEAP_H

/* The loop's timers as a binary heap, the earliest first. Private to base/loop.c and its test. */

#include "base/loop.h"

struct loop_heap {
    struct loop_timer **timers;
    size_t len, cap;
};

void loop_heap_release(struct loop_heap *h);

/* NULL when there is none. */
struct loop_timer *loop_heap_first(const struct loop_heap *h);

RESULT loop_heap_add(struct loop_heap *h, struct loop_timer *t);

/* `t` must be in the heap. */
void loop_heap_remove(struct loop_heap *h, struct loop_timer *t);

#endif
