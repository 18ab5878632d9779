/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_PUSH_H
#define TBOT_AGENT_PUSH_H

/*
 * When to send the metrics to somebody next. Pure but for the entropy handed in.
 *
 *     push_init(&p, interval, entropy, now);
 *     at p.next: send, then push_ended(&p, is_ok, began, now)
 *
 * The first time is at random within one interval, because a whole fleet may have been started in the same
 * second; then one interval after the begin of the time before. After each failure in a row the pause
 * doubles, up to ten minutes (±10 %): a collector that is down must not be met by everybody when it comes
 * back, and what is sent late is not worth much.
 */

#include "base/entropy.h"

struct push {
    const struct entropy *entropy;
    struct dur interval;
    unsigned failures; /* in a row */
    struct mono next;
};

/* `entropy` is borrowed; `interval` is positive. */
void push_init(struct push *p, struct dur interval, const struct entropy *entropy, struct mono now);

/* What to tell a person, once. */
enum push_news {
    PUSH_NO_NEWS,
    PUSH_LOST,     /* the first failure in a row */
    PUSH_RETURNED, /* the first success after failures */
};

enum push_news push_ended(struct push *p, bool is_ok, struct mono began, struct mono now);

#endif
