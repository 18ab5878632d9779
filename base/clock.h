/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_CLOCK_H
#define TBOT_BASE_CLOCK_H

/*
 * Two kinds of time that the compiler keeps apart.
 *
 * `struct mono` is the boot-time clock: it never jumps and runs on during suspend. Everything that
 * waits uses it. `struct wall` is the calendar: what certificates speak of. Validity uses it, and a
 * jump of it is an event (see agent/). Both count nanoseconds; wall time since 1970 UTC.
 *
 * Code asks a `struct clock` it was handed, never the system: tests hand in one that they move.
 */

#include "base/err.h"

#include <stdint.h>

struct mono {
    int64_t ns;
};
struct wall {
    int64_t ns;
};
struct dur {
    int64_t ns;
};

/* Both, sampled together: the one "now" of a turn of the loop or of a decision. */
struct now {
    struct mono mono;
    struct wall wall;
};

struct clock {
    struct mono (*mono)(const struct clock *c);
    struct wall (*wall)(const struct clock *c);
};

/* The system's clocks (CLOCK_BOOTTIME, CLOCK_REALTIME). Static, never freed. */
const struct clock *clock_system(void);

static inline struct mono clock_mono(const struct clock *c)
{
    return c->mono(c);
}
static inline struct wall clock_wall(const struct clock *c)
{
    return c->wall(c);
}

static inline struct now clock_now(const struct clock *c)
{
    return (struct now){clock_mono(c), clock_wall(c)};
}

#define MONO_NEVER ((struct mono){INT64_MAX})
#define WALL_NEVER ((struct wall){INT64_MAX})
#define WALL_NONE ((struct wall){0}) /* "not known": no certificate speaks of 1970 */

static inline struct dur dur_ms(int64_t ms)
{
    return (struct dur){ms * 1000000};
}
static inline struct dur dur_s(int64_t s)
{
    return (struct dur){s * 1000000000};
}
static inline int64_t dur_to_ms(struct dur d)
{
    return d.ns / 1000000;
}
static inline int64_t dur_to_s(struct dur d)
{
    return d.ns / 1000000000;
}

/* Additions saturate, so MONO_NEVER stays never. */
struct mono mono_add(struct mono t, struct dur d);
struct wall wall_add(struct wall t, struct dur d);
struct dur mono_diff(struct mono later, struct mono earlier);
struct dur wall_diff(struct wall later, struct wall earlier);

/* What the calendar says at `at`, as both clocks stand now; MONO_NEVER: WALL_NONE. */
struct wall wall_at(struct now now, struct mono at);

static inline bool mono_before(struct mono a, struct mono b)
{
    return a.ns < b.ns;
}
static inline bool wall_before(struct wall a, struct wall b)
{
    return a.ns < b.ns;
}
static inline struct mono mono_min(struct mono a, struct mono b)
{
    return a.ns < b.ns ? a : b;
}
static inline struct wall wall_min(struct wall a, struct wall b)
{
    return a.ns < b.ns ? a : b;
}
/* Saturates: certificates may speak of the year 9999, which nanoseconds do not reach. */
static inline struct wall wall_of_unix(int64_t s)
{
    struct wall t;
    if (__builtin_mul_overflow(s, INT64_C(1000000000), &t.ns))
        t.ns = s < 0 ? INT64_MIN : INT64_MAX;
    return t;
}
static inline int64_t wall_to_unix(struct wall t)
{
    return t.ns / 1000000000;
}

#define RFC3339_SIZE sizeof("2026-01-02T03:04:05.678Z")

/* "2026-01-02T03:04:05Z"; with `millis` three more digits. Returns `out`. */
char *wall_format(struct wall t, bool millis, char out[RFC3339_SIZE]);

#define DUR_SIZE 32

/* For people: "19m40s", "1h", "250ms", "3d4h". Returns `out`. */
char *dur_format(struct dur d, char out[DUR_SIZE]);

/* Go's duration syntax ("1h30m", "90s", "1.5h", "250ms"), as in tbot's configuration. ERR_CONFIG. */
RESULT dur_parse(const char *text, struct dur *ret);

#endif
