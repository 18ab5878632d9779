/* SPDX-License-Identifier: Apache-2.0 */
#include "base/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void system_fill(const struct entropy *e, void *out, size_t len)
{
    uint8_t *at = out;

    (void)e;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            abort(); /* only where the kernel has no getrandom(2): nothing sensible is left to do */
        at += n;
        len -= (size_t)n;
    }
}

const struct entropy *entropy_system(void)
{
    static const struct entropy system = {.fill = system_fill};
    return &system;
}

uint64_t entropy_below(const struct entropy *e, uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* What is under 2^64 mod bound would make the low values likelier: drawn again. */
    uint64_t uneven = -bound % bound;
    uint64_t v;
    do {
        entropy_fill(e, &v, sizeof(v));
    } while (v < uneven);
    return v % bound;
}

struct dur entropy_between(const struct entropy *e, struct dur lo, struct dur hi)
{
    if (hi.ns <= lo.ns)
        return lo;
    uint64_t span = (uint64_t)hi.ns - (uint64_t)lo.ns;
    if (span == UINT64_MAX) /* every value there is */
        span--;
    return (struct dur){(int64_t)((uint64_t)lo.ns + entropy_below(e, span + 1))};
}
