/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/push.h"

#define PAUSE_MAX_S 600

void push_init(struct push *p, struct dur interval, const struct entropy *entropy, struct mono now)
{
    struct dur first = entropy_between(entropy, dur_s(0), interval);
    *p = (struct push){.entropy = entropy, .interval = interval, .next = mono_add(now, first)};
}

/* An interval above ten minutes is what somebody wants, and stays. */
static struct dur pause_of(const struct push *p)
{
    int64_t most = dur_s(PAUSE_MAX_S).ns;
    int64_t ns = p->interval.ns;
    for (unsigned i = 1; i < p->failures && ns < most; i++)
        ns = ns > most / 2 ? most : 2 * ns;
    return entropy_between(p->entropy, (struct dur){ns - ns / 10}, (struct dur){ns + ns / 10});
}

static struct mono later(struct mono a, struct mono b)
{
    return mono_before(a, b) ? b : a;
}

enum push_news push_ended(struct push *p, bool is_ok, struct mono began, struct mono now)
{
    bool was_ok = p->failures == 0;
    p->failures = is_ok ? 0 : p->failures + 1;
    p->next = later(now, mono_add(began, is_ok ? p->interval : pause_of(p)));
    if (is_ok == was_ok)
        return PUSH_NO_NEWS;
    return is_ok ? PUSH_RETURNED : PUSH_LOST;
}
