/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/backoff.h"

#define ATTEMPT_MAX_S 60
#define MINUTES(n) ((n)*60)

struct dur backoff_attempt(unsigned n, const struct entropy *entropy)
{
    int64_t s = n < 7 ? 1LL << (n ? n - 1 : 0) : ATTEMPT_MAX_S;
    struct dur full = dur_s(s);
    return entropy_between(entropy, (struct dur){full.ns / 2}, full);
}

static struct dur around(int64_t s, const struct entropy *entropy)
{
    int64_t ns = dur_s(s).ns;
    return entropy_between(entropy, (struct dur){ns - ns / 10}, (struct dur){ns + ns / 10});
}

struct dur backoff_probe(struct dur outage, const struct entropy *entropy)
{
    int64_t s = 60;
    if (dur_to_s(outage) < MINUTES(5))
        s = 10;
    else if (dur_to_s(outage) < MINUTES(60))
        s = 30;
    return around(s, entropy);
}

struct dur backoff_refused(const struct entropy *entropy)
{
    return around(MINUTES(5), entropy);
}
