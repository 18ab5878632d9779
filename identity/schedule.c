/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/schedule.h"

/* A certificate's NotBefore lies this much before the moment it was issued. */
#define ISSUE_SKEW_S 60

struct dur schedule_lifetime(struct validity v)
{
    int64_t ns = wall_diff(v.not_after, v.not_before).ns;
    int64_t skew = dur_s(ISSUE_SKEW_S).ns;
    return (struct dur){ns > skew ? ns - skew : ns};
}

static struct dur spread(struct dur interval, const struct entropy *entropy)
{
    return entropy_between(entropy, (struct dur){interval.ns - interval.ns / 5}, interval);
}

/* From issue to renewal. */
static struct dur renew_after(struct validity v, struct dur interval, const struct entropy *entropy)
{
    struct dur after = spread(interval, entropy);
    struct dur latest = {schedule_lifetime(v).ns / 4 * 3};
    return after.ns < latest.ns ? after : latest;
}

static struct schedule schedule_at(struct dur after, struct mono now_mono, struct wall now_wall)
{
    if (after.ns < 0)
        after.ns = 0;
    return (struct schedule){mono_add(now_mono, after), wall_add(now_wall, after)};
}

struct schedule schedule_issued(struct validity v, struct dur interval, struct mono asked,
                                struct now now, const struct entropy *entropy)
{
    struct dur age = mono_diff(now.mono, asked);
    struct dur after = {renew_after(v, interval, entropy).ns - age.ns};
    return schedule_at(after, now.mono, now.wall);
}

struct schedule schedule_loaded(struct validity v, struct dur interval, struct mono now_mono,
                                struct wall now_wall, const struct entropy *entropy)
{
    struct dur age = wall_diff(now_wall, wall_add(v.not_before, dur_s(ISSUE_SKEW_S)));
    if (age.ns < 0)
        age.ns = 0;
    struct dur after = {renew_after(v, interval, entropy).ns - age.ns};
    return schedule_at(after, now_mono, now_wall);
}

bool schedule_due(const struct schedule *s, struct mono now_mono, struct wall now_wall)
{
    return !mono_before(now_mono, s->renew_mono) || !wall_before(now_wall, s->renew_wall);
}

struct mono schedule_wake(const struct schedule *s, struct mono now_mono, struct wall now_wall)
{
    return mono_min(s->renew_mono, mono_add(now_mono, wall_diff(s->renew_wall, now_wall)));
}

struct wall schedule_calendar(const struct schedule *s, struct now now)
{
    if (s->renew_wall.ns != WALL_NEVER.ns)
        return s->renew_wall;
    return wall_at(now, s->renew_mono);
}

bool schedule_is_tight(struct validity v, struct wall now)
{
    return wall_diff(v.not_after, now).ns < schedule_lifetime(v).ns / 4;
}
