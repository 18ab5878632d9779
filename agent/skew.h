/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SKEW_H
#define TBOT_AGENT_SKEW_H

/*
 * How far the cluster's calendar is ahead of ours. Pure.
 *
 * The protocol has no question for it, but two answers show the time in passing: a certificate that
 * was just issued begins 60 s before its issue, and a proxy's web answer has a Date. Both are cut to
 * whole seconds and taken at some moment between our question and its answer, so that a reading is
 * uncertain by half a second and half of the time in between. A certificate shows the clock that
 * judges us and is preferred; a Date is of whatever answers on the web port.
 *
 * A reading is kept as the cluster's time at a moment of the boot clock: when somebody sets our
 * calendar, the skew follows by itself. Where the boot clock stood still, in a virtual machine that was
 * paused, the reading is wrong, and nothing here shows it: when the cluster refuses what was asked with
 * its help, it is given up.
 *
 *     skew_note(&s, &reading);
 *     if (skew_tell(&s, now) == SKEW_OFF) ... tell a person ...
 */

#include "base/clock.h"

/* What a person is told of from here on; and again when it has changed by as much. */
#define SKEW_LIMIT_S 60

struct skew {
    bool is_known, is_certified;
    struct wall server; /* what the cluster's clock showed */
    struct mono at;     /* at this moment */
    struct dur uncertainty;
    struct wall not_before; /* the cluster's clock is past it; WALL_NONE: nothing is known */
    bool is_told;           /* a person knows of `told` */
    struct dur told;
};

struct skew_reading {
    struct wall shown; /* in whole seconds; WALL_NONE: it does not say */
    struct mono asked, answered;
    bool is_certificate;
};

/* What a certificate issued between two moments says. */
struct skew_reading skew_of_certificate(struct wall not_before, struct mono asked,
                                        struct mono answered);

/* An answer that took longer than a minute says too little and is left out. */
void skew_note(struct skew *s, const struct skew_reading *r);

/* The cluster has signed a certificate that begins then, at some time. */
void skew_note_signed(struct skew *s, struct wall not_before);

/* The cluster refused a request whose end was chosen with what is known. */
void skew_doubt(struct skew *s);

/*
 * The end to ask for, of a certificate that is to live for `ttl` from now: by the cluster's clock where
 * ours is known to be far off, as an end in the cluster's past would be refused.
 */
struct wall skew_end(const struct skew *s, struct now now, struct dur ttl);

/* False: not measurable so far. Positive: the cluster's clock is ahead of ours. */
bool skew_get(const struct skew *s, struct now now, struct dur *ret, struct dur *ret_uncertainty);

enum skew_news {
    SKEW_NOTHING,
    SKEW_OFF,  /* certainly above the limit, for the first time or changed much since it was told */
    SKEW_FINE, /* no longer so */
};

/* What a person should be told now; counts as told. */
enum skew_news skew_tell(struct skew *s, struct now now);

#endif
