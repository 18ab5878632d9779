/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_GATE_H
#define TBOT_DIAG_PROFILE_GATE_H

/*
 * What a signal handler may touch, and only for so long as its owner leaves it there.
 *
 *     struct ring *ring = gate_enter(&gate);      in the handler; NULL: closed, leave at once
 *     … gate_leave(&gate);
 *
 *     gate_open(&gate, ring);                     the owner
 *     gate_close(&gate); ring_free(ring);         nobody is inside any more
 *
 * A signal that was sent is delivered some time: after its timer was deleted, after a dump was given
 * up. So handlers stay installed for ever, and the gate decides what they find.
 */

#include <stdatomic.h>

struct gate {
    _Atomic(void *) target;
    atomic_uint inside;
};

/* Every gate_enter() is followed by one gate_leave(), also after NULL. */
static inline void *gate_enter(struct gate *g)
{
    /* The count first: gate_close() clears the target, then waits for the count. */
    atomic_fetch_add(&g->inside, 1);
    return atomic_load(&g->target);
}

static inline void gate_leave(struct gate *g)
{
    atomic_fetch_sub(&g->inside, 1);
}

static inline void gate_open(struct gate *g, void *target)
{
    atomic_store(&g->target, target);
}

/* Waits for handlers that are inside: microseconds. Not from a thread whose handler may be. */
void gate_close(struct gate *g);

#endif
