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
 * A cycle has a bounded number of attempts, each of which begins with a read (CHECK). Once they are
 * used up the identity stays in service while it is valid (STALE). The next cycle begins as soon as
 * somebody hears from the cluster again (RENEWER_CONTACT); meanwhile one attempt at a time is made after
 * backoff_probe(). A refusal is no outage: asking again at once would not change it, so REFUSED, LOCKED
 * and UNTRUSTED are asked about slowly, and each has its own advice; so is trouble on our side of the
 * wire (storage, crypto, protocol), which stays STALE with `last_code` telling. A retry that comes by
 * itself does not leave the state before it succeeds.
 *
 * A changed token is tried first, while the identity from the old one goes on serving. If the cluster is
 * away, each cycle tries both, in turn; if the new token is refused, that is said (REFUSED), the identity
 * is renewed as before, and the token is not shown again before the next start.
 *
 *     STARTING ─► JOINING ─► FRESH ─► RENEWING ─► FRESH
 *                              ▲         │ nothing written: back-off, then STALE ─ contact ─► RENEWING
 *                              │         │ the cluster says no: REFUSED | LOCKED | UNTRUSTED
 *                              │         │ written, no stored reply
 *                              └─ OPEN ◄─┘ ─► OVERTAKEN | HELD
 *     any ─► EXPIRED when the certificate ends; rejoins where a token can, and goes on trying
 *
 * EXPIRED may be our calendar's mistake: where there is no token, or it is refused, the cluster is asked
 * at once what it thinks, and an identity that turns out to be valid is renewed. After OVERTAKEN and HELD nothing
 * but a join may follow, so without a token they, and EXPIRED after them, wait for a person.
 *
 * An identity that cannot be renewed is replaced (`rejoins`): each cycle is made of joins, whose proof
 * is read anew each time and is not used up. Nothing is read before and nothing is ever open, so OPEN, HELD
 * and OVERTAKEN do not come, nor does a changed token have to be handled apart. What such a method has left
 * in the storage (`is_final`) is replaced in the same way by whoever has a token.
 *
 * In every other state something is planned, or the state is FAILED. Nothing leads there but a first
 * start that cannot succeed, as `startup` says, `give_up_after`, and one pass.
 */

#include "identity/schedule.h"

enum renewer_state {
    RENEWER_STARTING,
    RENEWER_JOINING,   /* no usable identity; joining or waiting to try again */
    RENEWER_FRESH,     /* valid, renewed in time */
    RENEWER_RENEWING,  /* a cycle is under way; the stored identity serves */
    RENEWER_STALE,     /* the cycle failed; the stored identity serves until the cluster is back */
    RENEWER_REFUSED,   /* the cluster said no to the bot or its token; what is valid serves */
    RENEWER_LOCKED,    /* the bot is locked in the cluster; what is valid serves */
    RENEWER_UNTRUSTED, /* trust lost: the cluster's CAs are no longer those we know */
    RENEWER_OPEN,      /* a request was written and its outcome is not known */
    RENEWER_HELD,      /* open, and the cluster cannot tell: a person must */
    RENEWER_OVERTAKEN, /* the cluster is a generation ahead: a new token is needed */
    RENEWER_EXPIRED,   /* nothing valid left, and joining is not possible or fails */
    RENEWER_FAILED,    /* terminal: `failure` says why */
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
    RENEWER_JOB_PERSIST, /* the identity in memory is newer than the stored one: store it */
};

const char *renewer_job_name(enum renewer_job j);

/* `startup`: what a start does that does not reach the cluster. */
enum renewer_startup {
    /* Settings that worked before, or a valid identity: as WAIT. Else passing failures are retried for
     * `startup_limit`, others end at once. */
    RENEWER_STARTUP_AUTO,
    RENEWER_STARTUP_WAIT, /* go on for ever, also with the first join */
    /* The first failure before a success ends it, as Go tbot does; to meet it at the start, a stored
     * identity is renewed at once. */
    RENEWER_STARTUP_EXIT,
};

struct renewer_config {
    struct dur interval;
    unsigned attempts; /* in one cycle: 7 */
    bool can_join;     /* a token is configured */
    bool rejoins;      /* each renewal is a new join; implies can_join */
    bool retry_open;   /* on_open_renewal: retry */

    enum renewer_startup startup;
    struct dur startup_limit; /* startup_timeout */
    /* FAILED once something fails and the last success of a job, RENEWER_CONTACT or the start is that
     * long ago, whatever still serves. A running job is let finish. 0: never. */
    struct dur give_up_after;

    bool one_pass;             /* --oneshot: renew once, then FRESH or FAILED */
    struct dur one_pass_limit; /* passing failures are retried that long; 0: not at all */

    const struct entropy *entropy;
};

/* Why the state is FAILED. */
enum renewer_failure {
    RENEWER_FAILURE_NONE,
    RENEWER_FAILURE_REFUSED,  /* a first start was told no */
    RENEWER_FAILURE_STARTUP,  /* a first start took longer than it may */
    RENEWER_FAILURE_GIVEN_UP, /* give_up_after */
    RENEWER_FAILURE_ONE_PASS, /* one pass did not renew */
};

/* What the renewer knows of an identity. */
struct renewer_identity {
    struct validity validity;
    int64_t generation;
    bool per_instance; /* the certificate names a bot instance: the label is not authoritative */
    bool is_final;     /* it cannot be renewed: another join method's */
};

enum renewer_event_kind {
    RENEWER_START, /* `has_identity`, `identity`, `open`, `token_changed`, `proven` */
    RENEWER_TIMER,
    /* A person or a CA rotation asks to renew now. While a job runs its success does what was asked;
     * after its failure it is begun again at once. */
    RENEWER_NOW,
    /* The cluster answers again after an outage: what waits for it need not. Does not repeat what was
     * refused. While a job runs it counts for its failure only. */
    RENEWER_CONTACT,
    /* `skew`: how far the server's calendar is ahead of ours, measured anew. An identity found at start
     * is judged by both calendars, and the first to speak counts. One issued in this process is not: its
     * length counts by the boot clock, until the cluster calls it expired. */
    RENEWER_SKEW,
    RENEWER_JOB_DONE,
};

struct renewer_event {
    enum renewer_event_kind kind;

    /* RENEWER_START */
    bool has_identity;
    bool open;          /* the storage holds the journal of a request without a reply */
    bool token_changed; /* the configured token is not the one this identity came from */
    bool proven;        /* these settings have worked before */

    /* RENEWER_START with has_identity; RENEWER_JOB_DONE of JOIN and RENEW with code ERR_OK */
    struct renewer_identity identity;

    /* RENEWER_JOB_DONE */
    enum renewer_job job;
    enum err_code code;
    bool written;       /* RENEW: the request may have reached the cluster */
    bool unpersisted;   /* JOIN, RENEW with ERR_OK: only memory has the new identity */
    int64_t generation; /* CHECK, RESOLVE with ERR_OK */

    struct dur skew; /* RENEWER_SKEW */
};

struct renewer_todo {
    enum renewer_job job;
    struct mono wake; /* MONO_NEVER: only an event */
};

struct renewer {
    struct renewer_config config;
    enum renewer_state state;
    struct mono since;            /* when this state began */
    enum renewer_failure failure; /* RENEWER_FAILED */
    enum renewer_state failed_in; /* RENEWER_FAILED: the state before */

    bool has_identity;
    struct renewer_identity identity;
    bool issued_here;      /* in this process: its length counts from `issued_at` */
    struct mono issued_at; /* when it was asked for: no later than it was issued */
    struct schedule schedule;

    enum renewer_job running; /* at most one */
    struct mono running_since;
    enum renewer_job next; /* what is due at `next_at` */
    struct mono next_at;
    bool asked;           /* RENEWER_NOW came while a job ran */
    bool contacted;       /* RENEWER_CONTACT did */
    bool wants_join;      /* the token is a new one and was neither taken nor refused yet */
    unsigned attempt;     /* failures of this cycle */
    unsigned equal_reads; /* RESOLVE: reads in a row that showed our generation */
    unsigned old_reads;   /* CHECK: reads in a row that showed an earlier one */

    struct mono
        open_since; /* when a request without a reply was written or found; MONO_NEVER: none */
    enum err_code open_code; /* how it ended; ERR_OK: found at start */
    bool barred;             /* OVERTAKEN or HELD came: only a join may follow, never a renewal */

    bool proven; /* not a first start: the settings have worked, or an identity is at hand */
    bool has_skew;
    struct dur skew; /* the server's calendar less ours */
    struct mono started_at;
    struct mono success_at;    /* the last success, or the start */
    struct mono trouble_since; /* first failure since the last new identity; MONO_NEVER: none */
    enum err_code last_code;   /* of the last failure, ERR_OK after a new identity */

    bool unpersisted;
    struct mono persist_at; /* beside what is due next; MONO_NEVER: nothing to store */
};

void renewer_init(struct renewer *r, const struct renewer_config *config);

struct renewer_todo renewer_step(struct renewer *r, const struct renewer_event *ev, struct now now);

/* Something valid can be served. */
bool renewer_is_serving(const struct renewer *r, struct now now);

/* No first start any more, and not one pass: nothing ends it but `give_up_after`. */
bool renewer_goes_on(const struct renewer *r);

/* Nothing more will happen without a person or a restart: FAILED, or FRESH after one pass. */
bool renewer_is_terminal(const struct renewer *r);

#endif
