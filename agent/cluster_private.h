/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CLUSTER_PRIVATE_H
#define TBOT_AGENT_CLUSTER_PRIVATE_H

/* What the files cluster*.c share. */

#include "agent/cluster.h"
#include "agent/skew.h"
#include "transport/authapi.h"
#include "transport/connector.h"
#include "transport/join.h"
#include "transport/path_memory.h"

#include <pthread.h>
#include <stdatomic.h>

struct cluster {
    struct remote remote; /* first: cluster_of_remote() relies on it */
    struct cluster_config c;
    struct address address;
    enum path_kind kind;
    char text[64 + ADDRESS_TEXT_SIZE];
    struct connector *connector;
    struct channel *channel;

    struct path_memory *memory;
    char proof[SHA256_HEX_SIZE]; /* of the settings and the token we started with */
    atomic_bool has_worked;      /* in this process */

    pthread_mutex_t skew_lock;
    struct skew skew;

    pthread_mutex_t facts_lock; /* held while the facts are fetched: one asks, the others wait */
    struct cluster_facts *facts;
    struct mono facts_at;
    bool is_proxy_mute;              /* it cannot be asked how it listens, and a person was told */
    unsigned facts_epoch;            /* of what is cached */
    atomic_uint epoch;               /* moves on when the cache is to be forgotten */
    struct credentials *facts_creds; /* asked as: another identity may see other roles */
};

static inline struct cluster *cluster_of_remote(struct remote *r)
{
    return (struct cluster *)r;
}

/* Reads what is known of the path, and fills in where a dial begins. */
RESULT cluster_path_open(struct cluster *c, struct path *ret);

/* A `Ping` that presented the bot's credentials was answered: the settings work. Writes nothing. */
void cluster_path_reached(struct cluster *c, const struct msg_ping_reply *ping);
/* So was a join with `token`. */
void cluster_path_joined(struct cluster *c, const struct join_report *report,
                         const struct secret *token);

/* The cluster's clock showed itself; tells a person where that matters. */
void cluster_skew_note(struct cluster *c, const struct skew_reading *reading);
/* The same from a certificate that was asked for at `asked` and is here now. */
void cluster_skew_note_issued(struct cluster *c, const struct credentials *issued,
                              struct mono asked);

/* ... and from the identity that is in use. */
void cluster_skew_note_signed(struct cluster *c, const struct credentials *creds);

/* See skew_end(). */
struct wall cluster_skew_end(struct cluster *c, struct dur ttl);

/* The outcome of a request with such an end, NULL for a success, is handed through; a refusal may come
 * from a wrong reading. */
RESULT cluster_skew_judge(struct cluster *c, struct err *e);

/* Fills in the functions of `c->remote`. */
void cluster_remote_init(struct cluster *c);

/* Asks the cluster for everything. */
RESULT cluster_facts_fetch(struct cluster *c, struct credentials *creds, const struct ctx *ctx,
                           struct cluster_facts **ret);

struct cluster_facts *cluster_facts_ref(struct cluster_facts *f);

#endif
