/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_entropy.h"

#include <string.h>

static uint64_t next_random(struct fake_entropy *f)
{
    uint64_t z = f->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t next_value(struct fake_entropy *f)
{
    if (f->script_len == 0)
        return next_random(f);
    f->script_len--;
    return *f->script++;
}

static void fill(const struct entropy *e, void *out, size_t len)
{
    struct fake_entropy *f = (struct fake_entropy *)(uintptr_t)e;
    uint8_t *at = out;

    while (len > 0) {
        uint64_t v = next_value(f);
        size_t n = len < sizeof(v) ? len : sizeof(v);
        memcpy(at, &v, n);
        at += n;
        len -= n;
    }
}

void fake_entropy_init(struct fake_entropy *f, uint64_t seed)
{
    *f = (struct fake_entropy){.entropy = {.fill = fill}, .state = seed};
}

void fake_entropy_script(struct fake_entropy *f, const uint64_t *values, size_t len)
{
    f->script = values;
    f->script_len = len;
}
