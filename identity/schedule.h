/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_SCHEDULE_H
#define TBOT_IDENTITY_SCHEDULE_H

/*
 * When to renew a credential. Pure but for the entropy handed in.
 *
 * The moment lies in the last fifth of the renewal interval, at random, so that a fleet started
 * together spreads out; but never so late that less than a quarter of the lifetime is left. It is kept
 * on both clocks and the first to reach it wins: the calendar may be set back, the boot clock may not
 * know of time the machine was off.
 */

#include "base/entropy.h"

/* What a renewer and the outputs need to know of a certificate. */
struct validity {
    struct wall not_before, not_after;
};

/* From the moment of issue: servers date a certificate's NotBefore a minute back. */
struct dur schedule_lifetime(struct validity v);

struct schedule {
    struct mono renew_mono;
    struct wall renew_wall;
};

/*
 * For a credential that was issued to this process: counts from `asked`, when it was asked for, by its
 * length alone, so that a local clock years away from the server's leads neither to a storm of renewals
 * nor to none. It was issued after that, and may have been for hours on its way: a machine sleeps, a
 * disk hangs.
 */
struct schedule schedule_issued(struct validity v, struct dur interval, struct mono asked,
                                struct now now, const struct entropy *entropy);

/* For one found on disk: only its own dates tell when it was issued. Due at once if they say so. */
struct schedule schedule_loaded(struct validity v, struct dur interval, struct mono now_mono,
                                struct wall now_wall, const struct entropy *entropy);

bool schedule_due(const struct schedule *s, struct mono now_mono, struct wall now_wall);

/* When to look again, at the latest, by the boot clock. */
struct mono schedule_wake(const struct schedule *s, struct mono now_mono, struct wall now_wall);

/* The moment as a person reads it; WALL_NONE: there is none. */
struct wall schedule_calendar(const struct schedule *s, struct now now);

/* Less than a quarter of the lifetime is left. */
bool schedule_is_tight(struct validity v, struct wall now);

#endif
