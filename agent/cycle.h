/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CYCLE_H
#define TBOT_AGENT_CYCLE_H

/*
 * When an output does its work: pure, like the renewer, and much simpler, because an output may ask
 * the cluster as often as it likes.
 *
 * A cycle is at most `attempts` tries with back-off. After a success the next cycle lies in the last
 * fifth of the interval, at random. After a failed cycle the files in place stay, and the next cycle
 * comes at the next interval, or in a moment when cycle_soon() tells that the cluster is back. A refusal
 * (see err_class()) ends a cycle at the first attempt: asking again at once would not change it.
 *
 * While the cluster is known to be away a cycle is held: nothing is begun that could only fail. It
 * becomes stale when its renewal falls due and cannot be done, not before: until then nothing is
 * amiss. Once released, what fell due begins within a moment at random, so that a hundred outputs do not
 * ask in the same one; the rest goes on as planned.
 */

#include "identity/schedule.h"

struct cycle_config {
    struct dur interval;
    unsigned attempts;          /* 5; in one pass 1 */
    struct mono at_least_until; /* passing failures are retried up to then in any case; {0}: not */
    const struct entropy *entropy;
};

struct cycle {
    struct cycle_config config;
    unsigned failures; /* of the running cycle */
    bool stale;        /* the last cycle failed, or was held when it fell due */
    bool running;
    struct mono began; /* the last job: what it issued is no older */
    bool asked;        /* cycle_now() came while it ran */
    bool doubted;      /* cycle_soon() came while it ran: should it fail, it begins anew */
    bool held;
    bool has_ended;       /* at least one cycle */
    struct schedule next; /* when to start, unless running */
    enum err_code last_code;
};

/* Due at once. */
void cycle_init(struct cycle *c, const struct cycle_config *config, struct mono now);

/* The job should be started; the caller starts it and says so. */
bool cycle_due(const struct cycle *c, struct mono now, struct wall now_wall);
void cycle_started(struct cycle *c, struct mono now);

/* The job ended with `code`; `v` is what it issued, read only for ERR_OK. */
void cycle_done(struct cycle *c, enum err_code code, struct validity v, struct mono now,
                struct wall now_wall);

/*
 * Begins a new cycle now, or when released: a signal, a rotation. While one runs, when it has ended:
 * it may have begun too early to know of what is to be renewed for.
 */
void cycle_now(struct cycle *c, struct mono now);

/*
 * The same within a moment, at random, where it is stale: the cluster is back, or the identity fresh.
 * One that runs is begun anew only if it fails.
 */
void cycle_soon(struct cycle *c, struct mono now, struct wall now_wall);

/* A running job is let end; none is due until released. */
void cycle_hold(struct cycle *c);
void cycle_release(struct cycle *c, struct mono now, struct wall now_wall);

/* To be asked whenever cycle_wake() has come: true, once, when a held cycle has just become stale. */
bool cycle_lapse(struct cycle *c, struct mono now, struct wall now_wall);

/* When cycle_due() or cycle_lapse() may change, at the latest. MONO_NEVER while running. */
struct mono cycle_wake(const struct cycle *c, struct mono now, struct wall now_wall);

#endif
