/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent believes and says, compared with what is true: honest, told, stored, asks, silent. */
#include "tests/sim/world.h"
#include "tests/sim/world_truth.h"

/* Between two tries, and what a write takes. */
#define STORED_WITHIN_S 30

/* From where a skew counts, half of the slowest answer that is taken for a measurement, and a rest. */
#define ASKS_WITHIN_S 95
#define SLOWEST_S 50
#define BACKDATED_S 60

/* One state may be told again so often in so long: an outage that comes and goes, a person who asks. */
#define SAID_WINDOW_S MINUTES(10)
#define SAID_MOST WORLD_ATTEMPTS

/* Whether something has been so for longer than `limit`; *since is kept for the next look. */
static bool lasts(const struct world *w, struct mono *since, bool is_so, struct dur limit)
{
    *since = is_so ? mono_min(*since, w->t) : MONO_NEVER;
    return is_so && mono_diff(w->t, *since).ns > limit.ns;
}

/* The cluster is asked at the end of an interval. */
static struct dur until_asked(const struct world_agent *a)
{
    int64_t grace_s = a->world->config->is_lossy ? WORLD_LOSSY_S : WORLD_SLOWLY_S;
    return (struct dur){world_interval(a->world).ns + dur_s(grace_s).ns};
}

static bool believes(const struct world_agent *a)
{
    return renewer_is_serving(&a->renewer, world_machine_now(a));
}

/* It can ask, and its calendar lets it believe who answers. */
static bool is_in_touch(const struct world_agent *a)
{
    const struct validity *server = &a->world->cluster.server_cert;
    struct wall now = world_machine_now(a).wall;
    bool believes_server =
        !wall_before(now, server->not_before) && !wall_before(server->not_after, now);
    return world_machine_is_awake(a) && !a->is_stopping && believes_server &&
           world_truth_is_within_reach(a);
}

/* --- honest --- */

/* Where the boot clock stood still, a process cannot know better before it asks. */
static void check_length(struct world_agent *a)
{
    struct dur age = mono_diff(a->world->t, a->held.issued_at);
    bool is_past = age.ns > schedule_lifetime(a->held.facts.validity).ns;
    if (is_past && a->renewer.issued_here && a->lost.ns == 0 && believes(a))
        world_broke(a->world, a, "honest: an identity serves past its end");
}

static void check_mistake(struct world_agent *a)
{
    bool is_mistaken = world_truth_is_over(a) && believes(a) && is_in_touch(a);
    if (lasts(a->world, &a->watch.mistaken_since, is_mistaken, until_asked(a)))
        world_broke(a->world, a, "honest: what the cluster calls expired still serves");
}

/* --- told --- */

/* OVERTAKEN and HELD stay, whatever comes after them. */
static void check_told(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    enum renewer_state truth = world_truth_state(a);
    bool is_other = truth != RENEWER_FRESH && truth != a->renewer.state && !a->renewer.barred;
    bool is_untold = is_other && is_in_touch(a) && believes(a);
    if (truth != c->truth)
        c->untold_since = MONO_NEVER;
    c->truth = truth;
    if (lasts(a->world, &c->untold_since, is_untold, until_asked(a)))
        world_broke(a->world, a, "told: nobody is told '%s'", renewer_state_name(truth));
}

/* --- stored --- */

static void check_stored(struct world_agent *a)
{
    bool is_idle = world_machine_is_awake(a) && a->lane.step == LANE_IDLE;
    bool is_unstored = is_idle && !a->disk.is_full && a->held.serial != a->disk.identity.serial;
    if (lasts(a->world, &a->watch.unstored_since, is_unstored, dur_s(STORED_WITHIN_S)))
        world_broke(a->world, a, "stored: the identity is in memory only, and there is room");
}

void world_check_beliefs(struct world_agent *a)
{
    check_length(a);
    check_mistake(a);
    check_told(a);
    check_stored(a);
}

/* --- asks --- */

void world_check_clock_changed(struct world_agent *a)
{
    a->watch.knows_clock = false;
    a->watch.clock_changed_at = a->world->t;
}

void world_check_issued(struct world_agent *a, struct mono began)
{
    struct world_check *c = &a->watch;
    bool is_quick = mono_diff(a->world->t, began).ns < dur_s(SLOWEST_S).ns;
    c->knows_clock |= is_quick && mono_before(c->clock_changed_at, began);
}

void world_check_asks(struct world_agent *a, struct wall end)
{
    struct dur ttl = world_ttl(a->world), off = dur_s(ASKS_WITHIN_S);
    struct wall first = world_cluster_now(a->world), last = first;
    if (wall_before(first, a->held.facts.validity.not_before)) /* it was set back since */
        last = wall_add(a->held.facts.validity.not_before, dur_s(BACKDATED_S));
    bool is_right = !wall_before(end, wall_add(first, (struct dur){ttl.ns - off.ns})) &&
                    !wall_before(wall_add(last, (struct dur){ttl.ns + off.ns}), end);
    if (a->watch.knows_clock && !is_right)
        world_broke(a->world, a, "asks: for an end that is far from the cluster's time and ttl");
}

/* --- silent --- */

void world_check_says(struct world_agent *a, enum renewer_state state)
{
    struct world_check *c = &a->watch;
    int64_t window = a->world->t.ns / dur_s(SAID_WINDOW_S).ns;
    if (window != c->said_in)
        for (size_t i = 0; i < RENEWER_STATE_COUNT; i++)
            c->n_said[i] = 0;
    c->said_in = window;
    if (++c->n_said[state] > SAID_MOST)
        world_broke(a->world, a, "silent: '%s' is told again and again", renewer_state_name(state));
}
