/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/places.h"

/* One of the two sides has all the places it can take. */
static bool is_side_full(const struct places *p, bool is_local)
{
    size_t n = 0;
    for (size_t i = 0; i < PLACES_MAX; i++)
        n += p->at[i].state != PLACE_FREE && p->at[i].is_local == is_local;
    return n >= (size_t)(PLACES_MAX - (is_local ? PLACES_REMOTE : PLACES_LOCAL));
}

struct place *places_take(struct places *p, unsigned listener, bool is_local, struct mono now)
{
    if (is_side_full(p, is_local))
        return NULL;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        struct place *at = &p->at[i];
        if (at->state != PLACE_FREE)
            continue;
        *at = (struct place){.state = PLACE_WAITING,
                             .fd = -1,
                             .listener = listener,
                             .is_local = is_local,
                             .since = now,
                             .deadline = mono_add(now, PLACES_READ_LIMIT)};
        return at;
    }
    return NULL;
}

/* The smaller goes first: those who keep us waiting, on this listener, the longest. */
static bool goes_before(const struct place *a, const struct place *b, unsigned listener)
{
    if (a->state != b->state)
        return a->state == PLACE_WAITING;
    if ((a->listener == listener) != (b->listener == listener))
        return a->listener == listener;
    return mono_before(a->since, b->since);
}

struct place *places_victim(struct places *p, unsigned listener, bool is_local)
{
    struct place *victim = NULL;
    /* A client of the network never takes the place of one on the Unix socket. */
    bool is_own_side_only = !is_local || is_side_full(p, is_local);
    for (size_t i = 0; i < PLACES_MAX; i++) {
        struct place *at = &p->at[i];
        if (at->state == PLACE_FREE || at->state == PLACE_HELD ||
            (is_own_side_only && at->is_local != is_local))
            continue;
        if (!victim || goes_before(at, victim, listener))
            victim = at;
    }
    return victim;
}

bool places_may_hold(const struct places *p, bool is_local)
{
    size_t n = 0;
    for (size_t i = 0; i < PLACES_MAX; i++)
        n += p->at[i].state == PLACE_HELD && p->at[i].is_local == is_local;
    return n < PLACES_HELD_MAX;
}

void place_hold(struct place *at, struct mono ask_at)
{
    at->state = PLACE_HELD;
    at->ask_at = ask_at;
    at->deadline = MONO_NEVER;
}

struct mono places_next_ask(const struct places *p)
{
    struct mono next = MONO_NEVER;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (p->at[i].state == PLACE_HELD)
            next = mono_min(next, p->at[i].ask_at);
    }
    return next;
}

void place_begin_answer(struct place *at, struct mono now)
{
    at->state = PLACE_ANSWERING;
    at->since = now;
    at->deadline = mono_add(now, PLACES_IDLE_LIMIT);
}

void place_end_answer(struct place *at, struct mono now)
{
    at->state = PLACE_WAITING;
    at->since = now;
    at->deadline = mono_add(now, PLACES_IDLE_LIMIT);
}

void place_leave(struct place *at)
{
    *at = (struct place){.fd = -1};
}

struct place *places_overdue(struct places *p, struct mono now)
{
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (p->at[i].state != PLACE_FREE && !mono_before(now, p->at[i].deadline))
            return &p->at[i];
    }
    return NULL;
}

struct mono places_next_deadline(const struct places *p)
{
    struct mono next = MONO_NEVER;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (p->at[i].state != PLACE_FREE)
            next = mono_min(next, p->at[i].deadline);
    }
    return next;
}

size_t places_count(const struct places *p, enum place_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < PLACES_MAX; i++)
        n += p->at[i].state == state;
    return n;
}

void places_count_on(const struct places *p, unsigned listener, size_t *ret_all, size_t *ret_held)
{
    *ret_all = *ret_held = 0;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        const struct place *at = &p->at[i];
        bool is_there = at->state != PLACE_FREE && at->listener == listener;
        *ret_all += is_there;
        *ret_held += is_there && at->state == PLACE_HELD;
    }
}
