/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/sample_ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

/*
 * Each slot has a number that tells whose turn it is: `ticket` while a producer may take it, ticket + 1
 * when its content is there to be read, and the next round's ticket once it was read.
 */
struct slot {
    atomic_size_t turn;
    struct sample sample;
};

struct sample_ring {
    atomic_size_t head; /* the next ticket */
    size_t tail;        /* the reader's */
    atomic_size_t dropped;
    struct slot slots[SAMPLE_RING_SIZE];
};

_Static_assert((SAMPLE_RING_SIZE & (SAMPLE_RING_SIZE - 1)) == 0, "tickets wrap around it");

RESULT sample_ring_new(struct sample_ring **ret)
{
    /* Mapped, not allocated: it goes back to the system when the profile is done. */
    struct sample_ring *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (r == MAP_FAILED)
        return err_nomem();
    for (size_t i = 0; i < SAMPLE_RING_SIZE; i++)
        atomic_init(&r->slots[i].turn, i);
    *ret = r;
    return NULL;
}

void sample_ring_free(struct sample_ring *r)
{
    if (r)
        munmap(r, sizeof(*r));
}

static struct slot *slot_of(struct sample_ring *r, size_t ticket)
{
    return &r->slots[ticket % SAMPLE_RING_SIZE];
}

struct sample *sample_ring_claim(struct sample_ring *r, size_t *ret_ticket)
{
    size_t ticket = atomic_load_explicit(&r->head, memory_order_relaxed);

    for (;;) {
        struct slot *slot = slot_of(r, ticket);
        size_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn == ticket) { /* free: whoever moves the head has it */
            if (!atomic_compare_exchange_weak(&r->head, &ticket, ticket + 1))
                continue;
            *ret_ticket = ticket;
            return &slot->sample;
        }
        if ((ptrdiff_t)(turn - ticket) < 0) {
            atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
            return NULL;
        }
        ticket = atomic_load_explicit(&r->head, memory_order_relaxed);
    }
}

void sample_ring_publish(struct sample_ring *r, size_t ticket)
{
    atomic_store_explicit(&slot_of(r, ticket)->turn, ticket + 1, memory_order_release);
}

const struct sample *sample_ring_front(struct sample_ring *r)
{
    struct slot *slot = slot_of(r, r->tail);
    size_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);

    return turn == r->tail + 1 ? &slot->sample : NULL;
}

void sample_ring_pop(struct sample_ring *r)
{
    struct slot *slot = slot_of(r, r->tail);

    atomic_store_explicit(&slot->turn, r->tail + SAMPLE_RING_SIZE, memory_order_release);
    r->tail++;
}

size_t sample_ring_dropped(const struct sample_ring *r)
{
    return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}
