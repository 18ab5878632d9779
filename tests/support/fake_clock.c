/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The clock is read through pointers to const; what moves is atomic, and `tick` moves it. */
static struct fake_clock *fake_of(const struct clock *c)
{
    return (struct fake_clock *)(uintptr_t)c;
}

static struct mono read_mono(const struct clock *c)
{
    struct fake_clock *f = fake_of(c);

    atomic_fetch_add(&f->wall_ns, f->tick.ns);
    return (struct mono){atomic_fetch_add(&f->mono_ns, f->tick.ns)};
}

static struct wall read_wall(const struct clock *c)
{
    return (struct wall){atomic_load(&fake_of(c)->wall_ns)};
}

void fake_clock_init(struct fake_clock *f, const char *wall)
{
    struct tm tm = {0};
    const char *end = strptime(wall, "%Y-%m-%dT%H:%M:%SZ", &tm);

    if (!end || *end) {
        fprintf(stderr, "fake_clock_init: not a time: '%s'\n", wall);
        abort();
    }
    f->clock = (struct clock){.mono = read_mono, .wall = read_wall};
    f->tick = (struct dur){0};
    atomic_store(&f->mono_ns, dur_s(1000).ns);
    atomic_store(&f->wall_ns, wall_of_unix(timegm(&tm)).ns);
}

void fake_clock_advance(struct fake_clock *f, struct dur d)
{
    atomic_fetch_add(&f->mono_ns, d.ns);
    atomic_fetch_add(&f->wall_ns, d.ns);
}

void fake_clock_jump_wall(struct fake_clock *f, struct dur d)
{
    atomic_fetch_add(&f->wall_ns, d.ns);
}

struct mono fake_clock_mono(const struct fake_clock *f)
{
    return (struct mono){atomic_load(&f->mono_ns)};
}

struct wall fake_clock_wall(const struct fake_clock *f)
{
    return (struct wall){atomic_load(&f->wall_ns)};
}
