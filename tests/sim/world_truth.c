/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world_truth.h"

#include "tests/sim/world.h"

static bool can_shake_hands(const struct world_agent *a, const struct world_identity *i,
                            unsigned trusts)
{
    struct err *e = world_cluster_handshake(a->world, i, trusts, world_machine_now(a).wall);
    bool can = e == NULL;
    err_ignore(e, "only whether");
    return can;
}

bool world_truth_is_within_reach(const struct world_agent *a)
{
    const struct world *w = a->world;
    enum route routes[PATH_MAX_ROUTES];
    size_t n = path_routes(&a->path, routes);
    for (size_t i = 0; i < n; i++)
        if (world_net_meets(w, routes[i]) == WAY_OPEN)
            return true;
    return false;
}

/* A reply that is on its way counts as here. */
static bool is_level(const struct world_agent *a, const struct world_instance *known)
{
    bool is_asking = a->lane.step != LANE_IDLE && a->lane.job == RENEWER_JOB_RENEW;
    int64_t ahead = known->generation - a->held.facts.generation;
    return ahead == 0 || (ahead == 1 && is_asking);
}

bool world_truth_would_renew(const struct world_agent *a)
{
    struct world_bot *bot = &a->world->cluster.bots[a->bot];
    const struct world_identity *i = &a->held;
    const struct world_instance *known = world_cluster_instance(bot, i->instance);
    return i->serial && !bot->is_locked && !bot->is_shut && known && is_level(a, known) &&
           can_shake_hands(a, i, i->trusts | a->pins);
}

bool world_truth_would_join(const struct world_agent *a)
{
    const struct world *w = a->world;
    const struct world_bot *bot = &w->cluster.bots[a->bot];
    bool is_used = bot->token_is_used && !w->config->token_again;
    bool is_taken = a->token && a->token == bot->token && !is_used && !w->cluster.refuses_tokens;
    bool is_first = bot->n_instances == 0 || w->cluster.per_instance;
    return is_taken && is_first && !bot->is_shut &&
           can_shake_hands(a, &(struct world_identity){0}, a->pins ? a->pins : ~0U);
}

bool world_truth_is_trusted(const struct world_agent *a)
{
    const struct world_cluster *c = &a->world->cluster;
    return ((a->held.trusts | a->pins) & 1U << c->host.in_use) &&
           (c->user.trusted & 1U << a->held.signed_by);
}

bool world_truth_is_over(const struct world_agent *a)
{
    return a->held.serial &&
           !wall_before(world_cluster_now(a->world), a->held.facts.validity.not_after);
}

enum renewer_state world_truth_state(const struct world_agent *a)
{
    struct world_bot *bot = &a->world->cluster.bots[a->bot];
    const struct world_instance *known = world_cluster_instance(bot, a->held.instance);
    bool tells = !a->world->cluster.per_instance && known;
    if (!a->held.serial)
        return RENEWER_FRESH;
    if (!world_truth_is_trusted(a))
        return RENEWER_UNTRUSTED;
    if (!can_shake_hands(a, &a->held, a->held.trusts | a->pins))
        return RENEWER_FRESH;
    if (bot->is_locked || bot->is_shut)
        return RENEWER_LOCKED;
    return tells && !is_level(a, known) ? RENEWER_OVERTAKEN : RENEWER_FRESH;
}
