/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_BACKOFF_H
#define TBOT_IDENTITY_BACKOFF_H

/*
 * How long to wait after a failure. Pure but for the entropy handed in.
 *
 * Three schedules: between the bounded attempts of one cycle (1 s, 2 s, 4 s … up to 60 s, times a
 * random factor in [½, 1)); for looking whether the cluster is back once those are used up (every
 * 10 s for 5 minutes, then 30 s, then 60 s after an hour, ±10 %): near at first, because most outages
 * are short, gentle later, because a whole fleet asks; and after a refusal, which a person must lift
 * (every 5 minutes, ±10 %).
 */

#include "base/entropy.h"

/* After the `n`-th failure in a row of one cycle; n counts from 1. */
struct dur backoff_attempt(unsigned n, const struct entropy *entropy);

/* Until the next look, when the outage has lasted `outage`. */
struct dur backoff_probe(struct dur outage, const struct entropy *entropy);

/* Until a refusal is asked about again, or trouble of our own that does not pass by itself. */
struct dur backoff_refused(const struct entropy *entropy);

#endif
