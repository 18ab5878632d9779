/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_HEAP_HOOK_H
#define TBOT_DIAG_PROFILE_HEAP_HOOK_H

/*
 * Between malloc() as the program defines it (heap_malloc.c) and the heap profile. Off, an allocation
 * costs one more load and a branch that is always predicted.
 *
 * Threads: any, at any depth, but no signal handler.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

extern atomic_bool heap_hook_is_on;

/* Where the program has no malloc() of its own, its address is NULL: nothing would be seen. */
extern const bool heap_hook_is_linked __attribute__((weak));

void heap_hook_took(const void *p, size_t size);
void heap_hook_gives(const void *p); /* before it is really freed: then somebody else may get it */

static inline void heap_hook_note(const void *p, size_t size)
{
    if (__builtin_expect(atomic_load_explicit(&heap_hook_is_on, memory_order_acquire), false))
        heap_hook_took(p, size);
}

static inline void heap_hook_forget(const void *p)
{
    if (__builtin_expect(atomic_load_explicit(&heap_hook_is_on, memory_order_acquire), false))
        heap_hook_gives(p);
}

#endif
