/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"
#include "tests/sim/world_truth.h"

#include <inttypes.h>

#define PATROL_S MINUTES(5)

/* As the limits in world_check.h: after an outage. */
#define SOON_S 150

#define STEPS_AT_A_MOMENT 100

static bool is_never(struct mono t)
{
    return t.ns == MONO_NEVER.ns;
}

/* --- what could be --- */

/* Between two jobs nothing is on its way. */
static void look_for_losses(struct world_agent *a)
{
    const struct world *w = a->world;
    struct world_bot *bot = &w->cluster.bots[a->bot];
    const struct world_identity *i = &a->held;
    const struct world_instance *known = world_cluster_instance(bot, i->instance);
    bool is_token_used = a->token && a->token == bot->token && bot->token_is_used;
    if (a->lane.step != LANE_IDLE)
        return;
    if (i->serial && known && known->generation > i->facts.generation)
        a->watch.has_lost_reply = true;
    if (a->renewer.state == RENEWER_HELD)
        a->watch.has_lost_reply = true;
    if (is_token_used && i->token != a->token && !w->config->token_again)
        a->watch.has_lost_token = true;
}

/* Where our calendar says that it is over, joining comes first, and the cluster is asked next. */
static bool seems_over(const struct world_agent *a)
{
    return !renewer_is_serving(&a->renewer, world_machine_now(a));
}

/* A full disk is waited for, as long as there is time. */
static bool has_room(const struct world_agent *a)
{
    bool is_tight = schedule_is_tight(a->held.facts.validity, world_machine_now(a).wall);
    return !a->disk.is_full || (a->held.serial && is_tight);
}

static bool is_accepted(const struct world_agent *a)
{
    bool is_barred = a->renewer.state == RENEWER_HELD || a->renewer.state == RENEWER_OVERTAKEN;
    bool is_serving = renewer_is_serving(&a->renewer, world_machine_now(a));
    bool joins = !is_serving || a->world->config->rejoins;
    return has_room(a) &&
           ((world_truth_would_renew(a) && !is_barred) || (world_truth_would_join(a) && joins));
}

static void look_at_truth(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    if (a->disk.is_full || a->world->cluster.is_busy)
        c->hindered_at = a->world->t;
    bool is_near = world_machine_is_awake(a) && !a->is_stopping && world_truth_is_within_reach(a);
    bool is_accepted_now = is_near && is_accepted(a);
    if (is_near && (!is_accepted_now || seems_over(a)))
        c->was_refused = true;
    if (!is_accepted_now)
        c->could_since = MONO_NEVER;
    else if (is_never(c->could_since))
        c->could_since = a->world->t;
    else if (mono_diff(a->world->t, c->could_since).ns > dur_s(WORLD_SLOWLY_S).ns)
        c->was_refused = false;
}

/* --- in time --- */

static struct dur grace(const struct world_agent *a)
{
    if (a->world->config->is_lossy)
        return dur_s(WORLD_LOSSY_S);
    return dur_s(a->watch.was_refused ? WORLD_SLOWLY_S : SOON_S);
}

/* Renewed at most an interval ago, or what is long enough for a late one. */
static void check_age(struct world_agent *a, const char *what, size_t number, struct mono issued)
{
    struct dur is = mono_diff(a->world->t, issued);
    char text[DUR_SIZE];
    if (is.ns > world_interval(a->world).ns + grace(a).ns)
        world_broke(a->world, a, "in time: %s %zu is %s old, and the cluster was within reach",
                    what, number, dur_format(is, text));
}

/* What cannot be issued or stored is tried again at the next interval. */
static bool are_outputs_due(const struct world_agent *a)
{
    struct dur could = mono_diff(a->world->t, a->watch.could_since);
    struct mono by = mono_add(a->watch.hindered_at, world_interval(a->world));
    return could.ns > 2 * grace(a).ns &&
           (is_never(a->watch.hindered_at) || mono_before(mono_add(by, grace(a)), a->world->t));
}

/* Where calls fail at random, the last may have failed when an identity ends. */
static bool may_lapse(const struct world_agent *a)
{
    struct mono since = mono_min(a->watch.without_since, a->world->t);
    return a->world->config->is_lossy && mono_diff(a->world->t, since).ns < dur_s(WORLD_LOSSY_S).ns;
}

static void check_in_time(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    if (is_never(c->could_since) || a->world->config->one_pass ||
        mono_diff(a->world->t, c->could_since).ns <= grace(a).ns)
        return;
    if (!renewer_is_serving(&a->renewer, world_machine_now(a)) && !may_lapse(a))
        world_broke(a->world, a, "in time: nothing valid, and the cluster was within reach");
    check_age(a, "identity", a->number, a->held.issued_at);
    for (size_t i = 0; i < a->world->config->n_outputs && are_outputs_due(a); i++)
        check_age(a, "output", i, a->disk.files[i].issued_at);
}

static void count_without(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    struct world *w = a->world;
    if (!world_machine_is_awake(a) || renewer_is_serving(&a->renewer, world_machine_now(a))) {
        c->without_since = MONO_NEVER;
        return;
    }
    c->without_since = mono_min(c->without_since, w->t);
    struct dur d = mono_diff(w->t, c->without_since);
    if (d.ns > w->tally.without.ns)
        w->tally.without = d;
}

/* --- pairs --- */

static void check_pairs(struct world_agent *a)
{
    const struct world_disk *d = &a->disk;
    bool fits = a->held.key == a->held.cert_key && d->identity.key == d->identity.cert_key;
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        fits &= d->files[i].key == d->files[i].cert_key;
    if (!fits)
        world_broke(a->world, a, "pair: a key and a certificate do not belong together");
}

/* --- every moment --- */

void world_check_agent(struct world_agent *a)
{
    struct world_check *c = &a->watch;
    struct world *w = a->world;
    c->steps++;
    if (c->moment.ns != w->t.ns)
        c->steps_at_moment = 0;
    c->moment = w->t;
    if (++c->steps_at_moment > STEPS_AT_A_MOMENT)
        world_broke(w, a, "bounded: too much happens at one moment");
    look_at_truth(a);
    look_for_losses(a);
    check_in_time(a);
    world_check_beliefs(a);
    check_pairs(a);
    count_without(a);
    world_check_promise(a);
    world_walk_step(a);
}

static void on_patrol(void *arg)
{
    struct world_agent *a = arg;
    world_check_agent(a);
    if (!a->world->is_broken)
        world_after(a->world, &a->watch.patrol, dur_s(PATROL_S));
}

void world_check_init(struct world_agent *a)
{
    a->watch = (struct world_check){.could_since = MONO_NEVER,
                                    .failing_since = MONO_NEVER,
                                    .hindered_at = MONO_NEVER,
                                    .back_at = MONO_NEVER,
                                    .without_since = MONO_NEVER,
                                    .mistaken_since = MONO_NEVER,
                                    .unstored_since = MONO_NEVER,
                                    .untold_since = MONO_NEVER,
                                    .clock_changed_at = MONO_NEVER,
                                    .patrol = {.fn = on_patrol, .arg = a}};
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        a->watch.output_pauses[i].is_output = true;
    world_after(a->world, &a->watch.patrol, dur_s(PATROL_S));
}
