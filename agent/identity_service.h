/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_IDENTITY_SERVICE_H
#define TBOT_AGENT_IDENTITY_SERVICE_H

/*
 * Keeps the bot's own identity: feeds the renewer (identity/renewer.h) with events on the loop's
 * thread, and runs the job it asks for on a worker of its own, so that no output can hold a renewal
 * up.
 *
 * Threads: everything on the loop's thread.
 */

#include "agent/cluster.h"
#include "agent/credential_facts.h"
#include "base/entropy.h"
#include "base/loop.h"
#include "base/pool.h"
#include "diag/core/health.h"
#include "identity/renewal.h"

struct identity_service;

struct identity_service_config {
    const struct config *config;
    struct loop *loop;
    struct pool *lane; /* a pool of one thread, used by nobody else */
    const struct clock *clock;
    const struct entropy *entropy;
    struct log *log;
    struct store *store;
    struct cluster *cluster;
    struct keypool *keys;
    struct health_service *health; /* told of each attempt; or NULL */
    struct metrics *metrics;       /* cycles are counted here; or NULL */
    unsigned keys_ahead;           /* how many keys to have made ahead of need */
    struct cancel *stop;           /* fired when the agent stops */
    struct cancel *force;          /* fired when it cannot wait for a reply any longer */

    /* Called with how a job ended that speaks with the cluster. */
    void (*heard)(void *arg, enum err_code code);

    /* Called after every change: a new identity, another state. */
    void (*changed)(void *arg);
    void *arg;
};

RESULT identity_service_new(const struct identity_service_config *config,
                            struct identity_service **ret);
void identity_service_free(struct identity_service *s); /* accepts NULL; no job may be running */
DEFINE_FREEP(identity_service)

/*
 * Loads the stored identity; asks nobody for anything yet. An error here is one that a retry does not
 * heal.
 */
RESULT identity_service_load(struct identity_service *s);

/* There is a stored identity: this is not a first start. After identity_service_load(). */
bool identity_service_has_stored(const struct identity_service *s);

/* Begins. */
void identity_service_start(struct identity_service *s);

/* The bot's lifetime and interval of another configuration, from the next renewal on. */
void identity_service_reload(struct identity_service *s, const struct config *config,
                             unsigned keys_ahead);

/* Renews now: a signal. */
void identity_service_renew_now(struct identity_service *s);

/* The cluster answers again after an outage. */
void identity_service_contact(struct identity_service *s);

/* The cluster is there: `give_up_after` counts from here while nothing is wrong, and what the answer
 * showed of the cluster's calendar is taken into account. */
void identity_service_in_touch(struct identity_service *s);

/* Looks at the clocks again: the calendar jumped. */
void identity_service_wake(struct identity_service *s);

/* Starts nothing any more. */
void identity_service_stop(struct identity_service *s);

/*
 * The last chance to store an identity that is in memory only: after the loop ended. An error means
 * that the process takes the bot's identity with it. Blocks on the disk.
 */
RESULT identity_service_settle(struct identity_service *s);

/* The present identity, borrowed until the next event; NULL: none. */
struct credentials *identity_service_present(const struct identity_service *s);

/* A job is under way. */
bool identity_service_is_busy(const struct identity_service *s);

/*
 * ... and its request may have been written: the reply is worth waiting for. What a person must know
 * who does not wait; NULL: nothing of the kind is under way. A job that has written nothing yet is
 * ended by `stop`.
 */
const char *identity_service_stake(const struct identity_service *s);

/* No failure that passes ends the agent: see renewer_goes_on(). */
bool identity_service_goes_on(const struct identity_service *s);

bool identity_service_is_serving(const struct identity_service *s);
/* What serves, and what it waits for. */
struct credential_view identity_service_credentials(const struct identity_service *s);

/* Who the bot is; NULL: there is no identity yet. Borrowed until the next event. */
const struct subject *identity_service_subject(const struct identity_service *s);

enum renewer_state identity_service_state(const struct identity_service *s);

/* What the present state, or the one that ended it, means and asks of a person; NULL: nothing. */
const char *identity_service_advice(const struct identity_service *s);

/* Why the last job failed; NULL after a success. Borrowed until the next event. */
const struct err *identity_service_error(const struct identity_service *s);

#endif
