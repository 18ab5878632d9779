/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_SAMPLE_RING_H
#define TBOT_DIAG_PROFILE_SAMPLE_RING_H

/*
 * Samples on their way from signal handlers to the one thread that counts them. Bounded, lock-free: a
 * handler never waits, it drops what finds no room, and that is counted.
 *
 *     size_t ticket;
 *     struct sample *s = sample_ring_claim(ring, &ticket);     any number of handlers
 *     if (s) { …; sample_ring_publish(ring, ticket); }
 *
 *     while ((s = sample_ring_front(ring))) { …; sample_ring_pop(ring); }     one thread
 *
 * A handler that was stopped between the two calls holds up those behind it until it goes on, and
 * loses nothing.
 */

#include "base/cleanup.h"
#include "base/err.h"
#include "diag/profile/stack.h"

#include <sys/types.h>

/* Emptied every 100 ms it holds what 50 busy processors sample at 100 Hz. */
#define SAMPLE_RING_SIZE 512

struct sample {
    pid_t thread;
    unsigned weight; /* periods it stands for: more than one when the timer ran over */
    struct stack stack;
};

struct sample_ring;

RESULT sample_ring_new(struct sample_ring **ret);
void sample_ring_free(struct sample_ring *r); /* accepts NULL */
DEFINE_FREEP(sample_ring)

/* NULL when it is full: counted as dropped. */
struct sample *sample_ring_claim(struct sample_ring *r, size_t *ret_ticket);
void sample_ring_publish(struct sample_ring *r, size_t ticket);

const struct sample *sample_ring_front(struct sample_ring *r);
void sample_ring_pop(struct sample_ring *r);

size_t sample_ring_dropped(const struct sample_ring *r);

#endif
