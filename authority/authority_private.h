/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_AUTHORITY_PRIVATE_H
#define TBOT_AUTHORITY_AUTHORITY_PRIVATE_H

/* Inside of struct authority, for authority*.c only. */

#include "authority/authority.h"
#include "authority/state.h"

#include <pthread.h>

#define AUTHORITY_MAX_COUNTERS 64

struct authority_counter {
    char method[FAULTS_MAX_METHOD];
    uint64_t n;
};

/* A leaf cluster's authorities: only to be told of, nothing is signed with them. */
struct authority_leaf {
    struct ca host, user;
};

struct authority {
    /* Fixed after authority_new(). */
    const struct clock *clock;
    const struct entropy *entropy;
    int version;
    struct strlist leaves;
    struct authority_leaf *leaf_cas; /* one for each of `leaves` */
    char *web_addr;
    struct kube kube;
    struct key *auth_key; /* of the server's certificate */
    struct key *web_key;
    struct ca_keys foreign; /* signs wrong certificates */

    pthread_mutex_t lock; /* guards all below */
    struct state state;
    struct state_file *file; /* NULL: in memory */
    struct faults faults;
    struct authority_counter counters[AUTHORITY_MAX_COUNTERS];
    size_t n_counters;
};

/* CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a); */
static inline pthread_mutex_t *authority_hold(struct authority *a)
{
    pthread_mutex_lock(&a->lock);
    return &a->lock;
}
static inline void authority_unlockp(pthread_mutex_t **held)
{
    pthread_mutex_unlock(*held);
}

/* All need the lock held. */

/* The authority's calendar, clock-skew included. */
struct wall authority_now(const struct authority *a);

/* Makes the state durable, where it is kept at all. */
RESULT authority_save(struct authority *a);

/* The bot of a peer: ERR_DENIED for nobody and for unknown users. */
RESULT authority_bot_of(const struct authority *a, const struct peer *peer, struct bot **ret);

#endif
