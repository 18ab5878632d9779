/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_KEYPOOL_H
#define TBOT_IDENTITY_PKI_KEYPOOL_H

/*
 * Keys made ahead of need, so that a renewal does not wait for one (an RSA key takes 0.2 s and
 * more).
 *
 *     TRY(keypool_new(&config, &pool));
 *     keypool_want(pool, KEY_RSA_2048, 2);
 *     ...
 *     while (idle && more)                        a worker with nothing else to do
 *         TRY(keypool_fill_one(pool, &more));
 *     ...
 *     TRY(keypool_take(pool, KEY_RSA_2048, &key)); ready, soon ready, or made on the spot
 *
 * Every key is handed out once. Thread-safe, but for keypool_new() and keypool_free().
 */

#include "base/clock.h"
#include "identity/pki/key.h"

/* The most keys of one kind that are kept ready. */
#define KEYPOOL_DEPTH_MAX 8

struct keypool;

struct keypool_config {
    const struct clock *clock;
    /* Told how long each key took, by the thread that made it. */
    void (*made)(void *arg, enum key_kind kind, struct dur took);
    void *arg;
};

/* `config` is copied; NULL: nobody is told. */
RESULT keypool_new(const struct keypool_config *config, struct keypool **ret);

/* Wipes the keys that were not used. Accepts NULL. */
void keypool_free(struct keypool *p);
DEFINE_FREEP(keypool)

/*
 * Sets how many keys of a kind to keep ready, at most KEYPOOL_DEPTH_MAX. Keys beyond it are wiped:
 * with 0, all of a kind the cluster no longer asks for.
 */
void keypool_want(struct keypool *p, enum key_kind kind, unsigned depth);

/*
 * Makes one key if one is missing, in this thread; several threads may do so at once.
 * *ret_more: another one is missing.
 */
RESULT keypool_fill_one(struct keypool *p, bool *ret_more);

/*
 * A ready key; else the one another thread is making and nobody else waits for; else a new one, made
 * in this thread. So it may block for as long as a key takes, and cannot be cancelled.
 */
RESULT keypool_take(struct keypool *p, enum key_kind kind, struct key **ret);

/* Whether keypool_fill_one() would make one. */
bool keypool_is_short(struct keypool *p);

/* How many are ready. */
unsigned keypool_ready(struct keypool *p, enum key_kind kind);

#endif
