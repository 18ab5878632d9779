/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t read_clock(clockid_t id)
{
    struct timespec t = {0};
    /* Fails only for a clock the kernel does not have; both exist since 2.6.39. */
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct mono system_mono(const struct clock *c)
{
    (void)c;
    return (struct mono){read_clock(CLOCK_BOOTTIME)};
}

static struct wall system_wall(const struct clock *c)
{
    (void)c;
    return (struct wall){read_clock(CLOCK_REALTIME)};
}

const struct clock *clock_system(void)
{
    static const struct clock system = {.mono = system_mono, .wall = system_wall};
    return &system;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t sum;
    if (a == INT64_MAX)
        return a; /* never stays never, also minus something */
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t sub_saturated(int64_t a, int64_t b)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference))
        return b < 0 ? INT64_MAX : INT64_MIN;
    return a == INT64_MAX ? a : difference;
}

struct mono mono_add(struct mono t, struct dur d)
{
    return (struct mono){add_saturated(t.ns, d.ns)};
}

struct wall wall_add(struct wall t, struct dur d)
{
    return (struct wall){add_saturated(t.ns, d.ns)};
}

struct dur mono_diff(struct mono later, struct mono earlier)
{
    return (struct dur){sub_saturated(later.ns, earlier.ns)};
}

struct wall wall_at(struct now now, struct mono at)
{
    return at.ns == MONO_NEVER.ns ? WALL_NONE : wall_add(now.wall, mono_diff(at, now.mono));
}

struct dur wall_diff(struct wall later, struct wall earlier)
{
    return (struct dur){sub_saturated(later.ns, earlier.ns)};
}

char *wall_format(struct wall t, bool millis, char out[RFC3339_SIZE])
{
    int64_t rest = t.ns % NS_PER_S;
    time_t seconds = (time_t)(t.ns / NS_PER_S);
    struct tm tm;

    if (rest < 0) { /* before 1970: round down */
        rest += NS_PER_S;
        seconds--;
    }
    gmtime_r(&seconds, &tm);
    size_t n = strftime(out, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    if (millis)
        snprintf(out + n, RFC3339_SIZE - n, ".%03uZ", (unsigned)(rest / 1000000) % 1000);
    else
        snprintf(out + n, RFC3339_SIZE - n, "Z");
    return out;
}
