/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CLUSTER_H
#define TBOT_AGENT_CLUSTER_H

/*
 * The cluster as the services see it: joins, issues, and tells what outputs need to know, over the
 * lazy channel. This is where identity/ and transport/ meet.
 *
 *     TRY(cluster_new(&config, &cluster));
 *     cluster_remote(cluster)                    for the renewer, see identity/remote.h
 *     cluster_use(cluster, creds);               after each renewal: new calls present these
 *     TRY(cluster_issue(cluster, &request, ctx, &creds));       for an output
 *     TRY(cluster_get_facts(cluster, ctx, &facts));
 *
 * Nothing is dialled before the first call. Threads: every function may be called from any thread;
 * those with a ctx block.
 */

#include "agent/config.h"
#include "base/ctx.h"
#include "diag/core/log.h"
#include "diag/core/metrics.h"
#include "identity/pki/keypool.h"
#include "identity/remote.h"
#include "transport/path.h"
#include "transport/version.h"

struct cluster;

struct cluster_config {
    const struct config *config;
    const struct clock *clock;
    struct keypool *keys;
    struct log *log;
    struct metrics *metrics; /* outlive the cluster. NULL: nobody counts */
    /* Where to keep what is learnt about reaching the cluster: the bot's storage, which exists. NULL or
     * memory: nowhere. */
    const struct config_destination *storage;

    /* See channel_config: the live connection has died. From any thread. NULL: nobody wants to know. */
    void (*lost)(void *arg);
    void *lost_arg;
};

/* The address of the configuration, and what it may be the address of. ERR_CONFIG. */
RESULT cluster_address(const struct config *config, struct address *ret, enum path_kind *ret_kind);

/*
 * ERR_CONFIG for environment variables that ask for what is not built, which would change how the
 * cluster is reached: for who is about to start. `get` is getenv(3), or a test's.
 */
RESULT cluster_check_environment(const struct config *config, char *(*get)(const char *name));

/* ERR_CONFIG for an address that makes no sense. */
RESULT cluster_new(const struct cluster_config *config, struct cluster **ret);
void cluster_free(struct cluster *c); /* accepts NULL; no call may be under way */
DEFINE_FREEP(cluster)

/* Lives as long as `c`. */
struct remote *cluster_remote(struct cluster *c);

/* The bot's identity from now on; a reference is added. Calls under way end with the old one. */
void cluster_use(struct cluster *c, struct credentials *creds);

/*
 * Whether settings like these (address, trust, join method, token; not outputs) have ever made a
 * connection or a join: in this process, or in one before it with the same storage. Does not block.
 */
bool cluster_settings_proven(const struct cluster *c);

/*
 * Stores what was learnt about reaching the cluster, if that is anything new. Blocks on the disk, so on
 * a worker; after a job, never between a reply and the moment it is durable. What fails is logged,
 * once.
 */
void cluster_remember(struct cluster *c);

/*
 * How far the cluster's calendar is ahead of ours, as its answers have shown it: to a second or so, at
 * worst to half a minute. False while no answer has. Follows when our calendar is set. Warned about
 * by itself. Does not block.
 */
bool cluster_skew(struct cluster *c, struct dur *ret);

/* What is known of the cluster by name; for people. Does not block. */
struct cluster_known {
    char address[ADDRESS_TEXT_SIZE]; /* as configured */
    const char *kind;                /* path_kind_name(): what it is the address of */
    const char *route;               /* route_name() of the way that worked last; NULL: none yet */
    char version[VERSION_SIZE];      /* of the server; "": not known */
};

void cluster_describe(struct cluster *c, struct cluster_known *ret);

/*
 * Is the cluster there? A Ping that presents the bot's identity, over the live connection or a new one.
 * NULL, or why there was no answer, or what the answer was; see agent/contact.h for what that means.
 * Touches no disk: one that hangs says nothing about the cluster.
 */
RESULT cluster_check(struct cluster *c, const struct ctx *ctx);

/* One CA of one cluster: everything that is trusted, during a rotation old and new. */
struct cluster_ca {
    char *cluster;
    struct strlist tls; /* PEM */
    struct strlist ssh; /* authorized_keys lines */
};

struct cluster_cas {
    struct cluster_ca *items;
    size_t len;
};

/* What outputs need to know of the cluster, as it was at one moment. Immutable, counted. */
struct cluster_facts {
    char *name;
    char *server_version;
    unsigned server_major;
    char *proxy; /* host:port as users reach it; NULL: there is none */
    bool tls_routing;
    struct strlist default_roles; /* what the bot may impersonate */
    struct strlist leaves;        /* names of trusted clusters */
    struct cluster_cas host, user, database;
};

/*
 * The facts, at most a few seconds old: many outputs due at once ask the cluster once. The caller
 * gives them back with cluster_facts_free().
 */
RESULT cluster_get_facts(struct cluster *c, const struct ctx *ctx, struct cluster_facts **ret);
/* The facts may have changed, somebody says: the next to ask is told anew. Does not block. */
void cluster_forget_facts(struct cluster *c);

void cluster_facts_free(struct cluster_facts *f); /* drops a reference; accepts NULL */
DEFINE_FREEP(cluster_facts)

struct cluster_issue_request {
    const struct strlist *roles;  /* to impersonate; at least one */
    const char *route_to_cluster; /* a leaf; NULL: the bot's own cluster */
    struct dur ttl;
    bool allow_reissue;
};

/* A certificate for an output, over a fresh key, with the host CA and the bot's SSH CAs added. */
RESULT cluster_issue(struct cluster *c, const struct cluster_issue_request *request,
                     const struct ctx *ctx, struct credentials **ret);

/* For messages: "auth server '10.0.0.1:3025'". Lives as long as `c`. */
const char *cluster_text(const struct cluster *c);

#endif
