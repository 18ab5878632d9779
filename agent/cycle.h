/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CYCLE_H
#define TBOT_AGENT_CYCLE_H

/*
 * When an output does its work: pure, like the renewer, and much simpler, because an output may ask
 * the cluster as often as it likes.
 *
 * A cycle is at most `attempts` tries with back-off. After a success the next cycle lies in the last
 * fifth of the interval, at random. After a failed cycle the files in place stay, and the next cycle
 * comes at the next interval, or at once when cycle_now() tells that the cluster is back. A refusal
 * (see err_class()) ends a cycle at the first attempt: asking again at once would not change it.
 */

#include "identity/schedule.h"

struct cycle_config {
    struct dur interval;
    unsigned attempts; /* 5; with --oneshot 1 */
    const struct entropy *entropy;
};

struct cycle {
    struct cycle_config config;
    unsigned failures; /* of the running cycle */
    bool stale;        /* the last cycle failed */
    bool running;
    struct schedule next; /* when to start, unless running */
    enum err_code last_code;
};

/* Due at once. */
void cycle_init(struct cycle *c, const struct cycle_config *config, struct mono now);

/* The job should be started; the caller starts it and says so. */
bool cycle_due(const struct cycle *c, struct mono now, struct wall now_wall);
void cycle_started(struct cycle *c);

/* The job ended with `code`; `v` is what it issued, read only for ERR_OK. */
void cycle_done(struct cycle *c, enum err_code code, struct validity v, struct mono now,
                struct wall now_wall);

/* Begins a new cycle now: a signal, a rotation, or, for a stale output, the cluster's return. */
void cycle_now(struct cycle *c, struct mono now);

/* When cycle_due() may change, at the latest. MONO_NEVER while running. */
struct mono cycle_wake(const struct cycle *c, struct mono now, struct wall now_wall);

#endif
