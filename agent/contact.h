/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONTACT_H
#define TBOT_AGENT_CONTACT_H

/*
 * Is the cluster there? Decides when to look, pure like the renewer; the look itself (dial if need be,
 * and `Ping`) is the caller's:
 *
 *     struct contact_todo todo = contact_step(&c, &event, now);
 *     // todo.check: run one check, report it with CONTACT_CHECKED
 *     // todo.has_returned: the cluster is back: whoever is stale may renew now
 *     // todo.wake: call again with CONTACT_TIMER at the latest then
 *
 * Only a check changes the answer. A call of a service that failed, or the end of the live connection,
 * says that something may be wrong, and brings a check within 0 to 5 s (at random, because all agents
 * of a fleet lose their connections in the same second); a call that succeeded puts the next check off.
 * A check that succeeds after one that did not is followed by another 10 to 12 s later, whatever calls
 * say meanwhile: two in a row prove the recovery (diag/core/health.h).
 * While the cluster is there a check comes every minute or so; while it is not, after the schedule of
 * backoff_probe(): every 10 s for 5 minutes, then 30 s, then 60 s, counted from the beginning of the
 * check before, which may take as long as it may. There is one prober for the whole agent: services
 * with nothing to lose wait for its word instead of asking for themselves.
 *
 * What an answer is: also a refusal is one, by a cluster that is there. Silence, a peer that is not the
 * cluster we know, and one that does not speak its protocol are none. What failed on this side (memory,
 * a stop) says nothing, and the state stays.
 *
 * Before the first CONTACT_LOOK there is nothing to check with, and nothing is done.
 */

#include "base/entropy.h"
#include "base/err.h"

enum contact_state {
    CONTACT_UNKNOWN, /* never checked */
    CONTACT_UP,
    CONTACT_DOWN,
};

/* Stable lower-case name for logs and JSON. */
const char *contact_state_name(enum contact_state s);

enum contact_event_kind {
    CONTACT_TIMER,
    CONTACT_SUSPECT, /* a call got no answer, or the live connection ended */
    CONTACT_CALLED,  /* a call succeeded */
    CONTACT_CHECKED, /* the check ended with `code` */
    CONTACT_LOOK,    /* somebody wants to know now; the first one begins the watch */
};

struct contact_event {
    enum contact_event_kind kind;
    enum err_code code; /* CONTACT_CHECKED */
};

/* What the end of a service's job says: CONTACT_CALLED or CONTACT_SUSPECT. false: nothing. */
bool contact_hear(enum err_code code, struct contact_event *ret);

struct contact_todo {
    bool check;
    bool is_lost, has_returned; /* the answer just changed to DOWN; from DOWN to UP */
    struct dur lasted;          /* with either of them: how long the state before did */
    struct mono wake;           /* MONO_NEVER while a check runs */
};

struct contact {
    const struct entropy *entropy;
    enum contact_state state;
    struct mono since;        /* when this state began */
    struct mono last_contact; /* of the last success; MONO_NEVER: none */
    struct mono next_check;   /* MONO_NEVER: not watching yet */
    struct mono check_began;
    struct mono
        prove_at;      /* when a success after a failure is to be confirmed; MONO_NEVER: none is */
    unsigned failures; /* checks in a row */
    bool watching;
    bool checking;
    bool suspected, heard; /* something failed, or succeeded, while the check ran */
    enum err_code last_code;
};

/* `entropy` is borrowed. */
void contact_init(struct contact *c, const struct entropy *entropy, struct mono now);

/* All is well: the last check succeeded, and no recovery is to be proven. */
bool contact_is_well(const struct contact *c);

struct contact_todo contact_step(struct contact *c, const struct contact_event *ev,
                                 struct mono now);

#endif
