/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/keypool.h"

#include <pthread.h>

#define KINDS (KEY_ED25519 + 1)

struct shelf {
    struct key *keys[KEYPOOL_DEPTH_MAX];
    unsigned ready;
    unsigned making;  /* begun by keypool_fill_one(), not on the shelf yet */
    unsigned awaited; /* by keypool_take(), among those being made */
    unsigned wanted;
};

struct keypool {
    struct keypool_config c;
    pthread_mutex_t lock;
    pthread_cond_t made; /* a key, or the attempt failed */
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

RESULT keypool_new(const struct keypool_config *config, struct keypool **ret)
{
    struct keypool *p = calloc(1, sizeof(*p));
    if (!p)
        return err_nomem();
    if (config)
        p->c = *config;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->made, NULL);
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
    pthread_cond_destroy(&p->made);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void keypool_want(struct keypool *p, enum key_kind kind, unsigned depth)
{
    LOCKED(p);
    p->shelves[kind].wanted = depth < KEYPOOL_DEPTH_MAX ? depth : KEYPOOL_DEPTH_MAX;
    shrink(&p->shelves[kind]);
}

static RESULT make(const struct keypool *p, enum key_kind kind, struct key **ret)
{
    if (!p->c.made)
        return key_generate(kind, ret);
    struct mono began = clock_mono(p->c.clock);
    TRY(key_generate(kind, ret));
    p->c.made(p->c.arg, kind, mono_diff(clock_mono(p->c.clock), began));
    return NULL;
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
    pthread_cond_broadcast(&p->made);
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
    struct err *e = make(p, (enum key_kind)kind, &k);
    bool more = end_making(p, kind, k);
    TRY(e);
    *ret_more = more;
    return NULL;
}

/*
 * NULL: none is ready, and none is being made that nobody waits for yet. To wait is better than to begin
 * another: how long an RSA key takes is a matter of luck, and the one begun first has had more of it.
 */
static struct key *take_ready(struct keypool *p, enum key_kind kind)
{
    LOCKED(p);
    struct shelf *s = &p->shelves[kind];
    while (s->ready == 0 && s->making > s->awaited) {
        s->awaited++;
        pthread_cond_wait(&p->made, &p->lock);
        s->awaited--;
    }
    if (s->ready == 0)
        return NULL;
    s->ready--;
    return TAKE(s->keys[s->ready]);
}

RESULT keypool_take(struct keypool *p, enum key_kind kind, struct key **ret)
{
    struct key *ready = take_ready(p, kind);
    if (!ready)
        return make(p, kind, ret);
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
