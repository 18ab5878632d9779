/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/skew.h"

#define BACKDATED_S 60
#define SLOWEST_S 60
#define HALF_SECOND dur_ms(500)

struct skew_reading skew_of_certificate(struct wall not_before, struct mono asked,
                                        struct mono answered)
{
    return (struct skew_reading){wall_add(not_before, dur_s(BACKDATED_S)), asked, answered, true};
}

static struct dur half(struct dur d)
{
    return (struct dur){d.ns / 2};
}

static struct dur plus(struct dur a, struct dur b)
{
    return (struct dur){a.ns + b.ns};
}

/* How far apart, whatever a server may have said. */
static struct dur distance(struct dur a, struct dur b)
{
    int64_t d = 0;
    if (__builtin_sub_overflow(a.ns, b.ns, &d) || d == INT64_MIN)
        d = INT64_MAX;
    return (struct dur){d < 0 ? -d : d};
}

void skew_note(struct skew *s, const struct skew_reading *r)
{
    struct dur took = mono_diff(r->answered, r->asked);
    struct mono at = mono_add(r->asked, half(took));
    bool is_older = s->is_known && mono_before(at, s->at);
    bool is_worse = s->is_certified && !r->is_certificate;
    if (r->shown.ns == WALL_NONE.ns || took.ns > dur_s(SLOWEST_S).ns || is_older || is_worse)
        return;
    s->is_known = true;
    s->is_certified = r->is_certificate;
    s->server = wall_add(r->shown, HALF_SECOND);
    s->at = at;
    s->uncertainty = plus(HALF_SECOND, half(took));
}

void skew_note_signed(struct skew *s, struct wall not_before)
{
    s->not_before = wall_add(not_before, dur_s(BACKDATED_S));
}

void skew_doubt(struct skew *s)
{
    s->is_known = s->is_certified = false;
}

struct wall skew_end(const struct skew *s, struct now now, struct dur ttl)
{
    struct dur skew, uncertainty;
    struct wall there = now.wall;
    if (skew_get(s, now, &skew, &uncertainty) &&
        distance(skew, dur_s(0)).ns > dur_s(SKEW_LIMIT_S).ns)
        there = wall_add(now.wall, skew);
    if (wall_before(there, s->not_before))
        there = s->not_before;
    return wall_add(there, ttl);
}

bool skew_get(const struct skew *s, struct now now, struct dur *ret, struct dur *ret_uncertainty)
{
    if (!s->is_known)
        return false;
    struct wall there = wall_add(s->server, mono_diff(now.mono, s->at));
    *ret = wall_diff(there, now.wall);
    ret->ns += ret->ns == INT64_MIN; /* whoever shows it may turn its sign */
    *ret_uncertainty = s->uncertainty;
    return true;
}

static bool is_far(struct dur a, struct dur b, struct dur uncertainty)
{
    return distance(a, b).ns > plus(dur_s(SKEW_LIMIT_S), uncertainty).ns;
}

enum skew_news skew_tell(struct skew *s, struct now now)
{
    struct dur skew, uncertainty;
    if (!skew_get(s, now, &skew, &uncertainty))
        return SKEW_NOTHING;
    if (!is_far(skew, dur_s(0), uncertainty)) {
        bool was_told = s->is_told;
        s->is_told = false;
        return was_told ? SKEW_FINE : SKEW_NOTHING;
    }
    if (s->is_told && !is_far(skew, s->told, uncertainty))
        return SKEW_NOTHING;
    s->is_told = true;
    s->told = skew;
    return SKEW_OFF;
}
