/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_RENEWER_H
#define TBOT_IDENTITY_RENEWER_H

/*
 * The renewer decides what happens to the bot's own identity, and when. It is pure: no I/O, no
 * clock, no thread. The supervisor feeds it events and runs the one job it asks for:
 *
 *     struct renewer_todo todo = renewer_step(&r, &event, now);
 *     // todo.job != RENEWER_JOB_NONE: run it on a worker, report with RENEWER_JOB_DONE
 *     // todo.wake: call again with RENEWER_TIMER at the latest then
 *
 * Why it is not just "renew every 20 minutes": the cluster commits the next generation before it
 * signs, and presenting an old generation locks the bot for ever. So once a renewal request was
 * written, anything but a stored reply leaves the renewal OPEN, and an open renewal is not repeated
 * before the bot's own generation, read twice from the cluster, shows that it did not advance. If it
 * did advance, the reply is lost: OVERTAKEN, nothing is sent any more and the identity serves until it
 * expires. From Teleport 16.2 the readable label no longer speaks of one instance of the bot alone; such
 * a renewal is HELD, unless the configuration says `on_open_renewal: retry`.
 *
 * A cycle has a bounded number of attempts. Once they are used up the identity stays in service
 * while it is valid (STALE), the cluster is probed, and the probe's success begins a new cycle at once.
 *
 *     STARTING ─► JOINING ─► FRESH ─► RENEWING ─► FRESH
 *                              ▲         │ nothing written: back-off, then STALE ─ probe ─► RENEWING
 *                              │         │ written, no stored reply
 *                              └─ OPEN ◄─┘ ─► OVERTAKEN | HELD
 *     any ─► EXPIRED when the certificate ends; rejoins where a token can
 */

#include "identity/schedule.h"

enum renewer_state {
    RENEWER_STARTING,
    RENEWER_JOINING,   /* no usable identity; joining or waiting to try again */
    RENEWER_FRESH,     /* valid, renewed in time */
    RENEWER_RENEWING,  /* a cycle is under way; the stored identity serves */
    RENEWER_STALE,     /* the cycle failed; the stored identity serves, the cluster is probed */
    RENEWER_OPEN,      /* a request was written and its outcome is not known */
    RENEWER_HELD,      /* open, and the cluster cannot tell: a person must */
    RENEWER_OVERTAKEN, /* the cluster is a generation ahead: a new token is needed */
    RENEWER_EXPIRED,   /* nothing valid left, and joining is not possible or fails */
    RENEWER_FAILED,    /* terminal: the first start cannot succeed, or one pass failed */
    RENEWER_STATE_COUNT
};

/* Stable lower-case name for logs and JSON. */
const char *renewer_state_name(enum renewer_state s);

enum renewer_job {
    RENEWER_JOB_NONE,
    RENEWER_JOB_JOIN,
    RENEWER_JOB_CHECK,   /* read the own generation once; nothing is open */
    RENEWER_JOB_RENEW,   /* the transaction */
    RENEWER_JOB_RESOLVE, /* read the own generation for an open renewal */
    RENEWER_JOB_PROBE,   /* dial and Ping */
    RENEWER_JOB_PERSIST, /* the identity in memory is newer than the stored one: store it */
};

const char *renewer_job_name(enum renewer_job j);

struct renewer_config {
    struct dur interval;
    unsigned attempts;        /* in one cycle: 7 */
    bool can_join;            /* a token is configured */
    bool one_pass;            /* --oneshot: no retries, terminal after the first outcome */
    bool retry_open;          /* on_open_renewal: retry */
    struct dur startup_limit; /* passing failures of a first join are retried this long */
    const struct entropy *entropy;
};

/* What the renewer knows of an identity. */
struct renewer_identity {
    struct validity validity;
    int64_t generation;
    bool per_instance; /* the certificate names a bot instance: the label is not authoritative */
};

enum renewer_event_kind {
    RENEWER_START, /* `has_identity`, `identity`, `open`, `token_changed` */
    RENEWER_TIMER,
    RENEWER_NOW, /* a person or a CA rotation asks to renew now */
    RENEWER_JOB_DONE,
};

struct renewer_event {
    enum renewer_event_kind kind;

    /* RENEWER_START */
    bool has_identity;
    bool open;          /* the storage holds the journal of a request without a reply */
    bool token_changed; /* the configured token is not the one this identity came from */

    /* RENEWER_START with has_identity; RENEWER_JOB_DONE of JOIN and RENEW with code ERR_OK */
    struct renewer_identity identity;

    /* RENEWER_JOB_DONE */
    enum renewer_job job;
    enum err_code code;
    bool written;       /* RENEW: the request may have reached the cluster */
    bool unpersisted;   /* JOIN, RENEW with ERR_OK: only memory has the new identity */
    int64_t generation; /* CHECK, RESOLVE with ERR_OK */
};

struct renewer_todo {
    enum renewer_job job;
    struct mono wake; /* MONO_NEVER: only an event */
};

struct renewer {
    struct renewer_config config;
    enum renewer_state state;
    struct mono since;            /* when this state began */
    enum renewer_state failed_in; /* RENEWER_FAILED: the state before, which says why */

    bool has_identity;
    struct renewer_identity identity;
    bool issued_here; /* in this process: its length counts from `issued_at` */
    struct mono issued_at;
    struct schedule schedule;

    enum renewer_job running; /* at most one */
    enum renewer_job next;    /* what is due at `next_at` */
    struct mono next_at;
    unsigned attempt;          /* failures of this cycle */
    unsigned equal_reads;      /* RESOLVE: reads in a row that showed our generation */
    unsigned old_reads;        /* CHECK: reads in a row that showed an earlier one */
    struct mono trouble_since; /* first failure since the last success; MONO_NEVER: none */
    struct mono started_at;
    bool unpersisted;
    struct mono persist_at;  /* beside what is due next; MONO_NEVER: nothing to store */
    bool asked;              /* RENEWER_NOW came while a job ran */
    enum err_code last_code; /* of the last failure, ERR_OK after a success */
};

void renewer_init(struct renewer *r, const struct renewer_config *config);

struct renewer_todo renewer_step(struct renewer *r, const struct renewer_event *ev, struct now now);

/* Something valid can be served. */
bool renewer_is_serving(const struct renewer *r, struct now now);

/* Nothing more will happen without a person or a restart. */
bool renewer_is_terminal(const struct renewer *r);

#endif
