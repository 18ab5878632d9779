/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/keypool.h"

#include <pthread.h>

#define KINDS (KEY_ED25519 + 1)

struct shelf {
    struct key *keys[KEYPOOL_DEPTH_MAX];
    unsigned ready;
    unsigned making; /* begun by keypool_fill_one(), not on the shelf yet */
    unsigned wanted;
};

struct keypool {
    pthread_mutex_t lock;
    struct shelf shelves[KINDS];
};

static void unlockp(pthread_mutex_t **lock)
{
    pthread_mutex_unlock(*lock);
}

/* Holds the lock to the end of the scope. */
#define LOCKED(p)                                                                                  \
    CLEANUP(unlockp) pthread_mutex_t *locked_ = &(p)->lock;                                        \
    pthread_mutex_lock(locked_)

RESULT keypool_new(struct keypool **ret)
{
    struct keypool *p = calloc(1, sizeof(*p));
    if (!p)
        return err_nomem();
    pthread_mutex_init(&p->lock, NULL);
    *ret = p;
    return NULL;
}

static void shrink(struct shelf *s)
{
    while (s->ready > s->wanted) {
        s->ready--;
        key_free(TAKE(s->keys[s->ready]));
    }
}

void keypool_free(struct keypool *p)
{
    if (!p)
        return;
    for (int kind = 0; kind < KINDS; kind++) {
        p->shelves[kind].wanted = 0;
        shrink(&p->shelves[kind]);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void keypool_want(struct keypool *p, enum key_kind kind, unsigned depth)
{
    LOCKED(p);
    p->shelves[kind].wanted = depth < KEYPOOL_DEPTH_MAX ? depth : KEYPOOL_DEPTH_MAX;
    shrink(&p->shelves[kind]);
}

/* The kind a key is missing of, or -1. The lock is held. */
static int find_missing(const struct keypool *p)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const struct shelf *s = &p->shelves[kind];
        if (s->ready + s->making < s->wanted)
            return kind;
    }
    return -1;
}

static int begin_making(struct keypool *p)
{
    LOCKED(p);
    int kind = find_missing(p);
    if (kind >= 0)
        p->shelves[kind].making++;
    return kind;
}

/* Takes `k` over, NULL when none could be made. Returns whether another is missing. */
static bool end_making(struct keypool *p, int kind, struct key *k)
{
    CLEANUP(key_freep) struct key *unused = k;
    LOCKED(p);
    struct shelf *s = &p->shelves[kind];
    s->making--;
    if (k && s->ready < s->wanted)
        s->keys[s->ready++] = TAKE(unused);
    return find_missing(p) >= 0;
}

RESULT keypool_fill_one(struct keypool *p, bool *ret_more)
{
    int kind = begin_making(p);
    if (kind < 0) {
        *ret_more = false;
        return NULL;
    }
    struct key *k = NULL;
    struct err *e = key_generate((enum key_kind)kind, &k);
    bool more = end_making(p, kind, k);
    TRY(e);
    *ret_more = more;
    return NULL;
}

static struct key *take_ready(struct keypool *p, enum key_kind kind)
{
    LOCKED(p);
    struct shelf *s = &p->shelves[kind];
    if (s->ready == 0)
        return NULL;
    s->ready--;
    return TAKE(s->keys[s->ready]);
}

RESULT keypool_take(struct keypool *p, enum key_kind kind, struct key **ret)
{
    struct key *ready = take_ready(p, kind);
    if (!ready)
        return key_generate(kind, ret);
    *ret = ready;
    return NULL;
}

bool keypool_is_short(struct keypool *p)
{
    LOCKED(p);
    return find_missing(p) >= 0;
}

unsigned keypool_ready(struct keypool *p, enum key_kind kind)
{
    LOCKED(p);
    return p->shelves[kind].ready;
}
