/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SIM_WORLD_CLUSTER_H
#define TBOT_TESTS_SIM_WORLD_CLUSTER_H

/*
 * The cluster. It commits a generation before it signs, and locks a bot for ever that presents
 * another than the last; shows the generation of a second ago (READ_CACHE_MS); lets a bot join once
 * (before 16.2) or as a new instance each time; gives certificates for as long as was asked, by its own
 * calendar; has CAs that can be replaced.
 *
 * What nobody can survive is no fault of the agent, and is counted, not blamed on it: two copies of one
 * storage that read the generation within a moment and both find it good. See world_check.h.
 */

#include "base/err.h"
#include "base/loop.h"
#include "identity/renewer.h"

struct world;
struct world_request;

/* Everything the renewer, a connection and a disk know of an identity; keys are numbers. */
struct world_identity {
    struct renewer_identity facts;
    uint64_t serial;        /* of the certificate; 0: no identity */
    struct mono issued_at;  /* in true time */
    uint64_t key, cert_key; /* the key that is held, the one the certificate was made for */
    uint64_t instance;      /* 0 before 16.2 */
    uint64_t token;         /* it was joined with */
    unsigned signed_by;     /* a user CA */
    unsigned trusts;        /* host CAs, one bit each */
};

#define WORLD_INSTANCES_MAX 8

struct world_instance {
    uint64_t id; /* 0 before 16.2 */
    int64_t generation;
    uint64_t renewed_by; /* a process: who got the last one */
    struct mono renewed_at;
};

struct world_bot {
    struct world_instance instances[WORLD_INSTANCES_MAX]; /* in the order of their joins */
    size_t n_instances;
    bool is_locked; /* an old generation was presented */
    bool is_shut;   /* a person locked it */
    uint64_t token; /* that a join may use; 0: none */
    bool token_is_used;

    /* What a read shows: each server has a cache, and may be late to hear of a change. */
    int64_t shown;
    struct mono shown_until;
    int64_t before; /* the last change */
    struct mono changed_at;
};

enum call_kind {
    CALL_PING,
    CALL_READ, /* the bot's own generation */
    CALL_RENEW,
    CALL_JOIN,
    CALL_ISSUE, /* an output's certificate */
    CALL_KINDS
};

const char *call_kind_name(enum call_kind kind);

/* In use, by number; and trusted, one bit each: two while one follows the other. */
struct world_ca {
    unsigned in_use, trusted;
};

struct world_cluster {
    struct world_bot *bots;
    bool per_instance, refuses_tokens;
    bool is_busy; /* with everything but identities */
    struct dur ahead;
    struct validity server_cert;
    struct world_ca host, user;

    /* How much it is asked: calls and dials. The most since `peak_from_s`. */
    int64_t second;
    unsigned in_second, most_in_second;
};

void world_cluster_init(struct world *w);
void world_cluster_release(struct world *w);

struct wall world_cluster_now(const struct world *w);

/* Answers a request now; what it costs is done. */
void world_cluster_serve(struct world *w, struct world_request *r);

/* Counts a dial. */
void world_cluster_count(struct world *w);

/* NULL: the cluster does not know it (any more). */
struct world_instance *world_cluster_instance(struct world_bot *bot, uint64_t id);

/* What a TLS handshake with these certificates ends with; NULL: a connection. `trusts` are host CAs. */
struct err *world_cluster_handshake(const struct world *w, const struct world_identity *shown,
                                    unsigned trusts, struct wall asker_now);

#endif
