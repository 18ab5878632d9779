/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

#define READ_CACHE_MS 1000
#define BACKDATED_S 60
#define LONGEST_TTL_S HOURS(24)

/* Two readers see the same generation, and both renew: from the first's renewal to the other's. */
#define RACE_MS 3000

/* The auth server's own certificate: made a month before the start, good for ten years. */
#define SERVER_CERT_AGE_S DAYS(30)
#define SERVER_CERT_LIFE_S YEARS(10)

/* gRPC's numbers, as transport/status_map.c reads them. */
enum {
    STATUS_UNKNOWN = 2,
    STATUS_INVALID = 3,
    STATUS_DENIED = 7,
    STATUS_BUSY = 9,
};

const char *call_kind_name(enum call_kind kind)
{
    static const char *const names[CALL_KINDS] = {"ping", "read", "renew", "join", "issue"};
    return names[kind];
}

void world_cluster_init(struct world *w)
{
    struct world_cluster *c = &w->cluster;
    c->per_instance = w->config->per_instance;
    c->ahead = dur_s(w->config->cluster_ahead_s);
    struct wall made = wall_add(world_cluster_now(w), dur_s(-SERVER_CERT_AGE_S));
    c->server_cert = (struct validity){made, wall_add(made, dur_s(SERVER_CERT_LIFE_S))};
    c->host.trusted = c->user.trusted = 1;
    c->bots = calloc(w->n_agents, sizeof(*c->bots));
    if (!c->bots)
        world_die("no memory");
}

void world_cluster_release(struct world *w)
{
    free(w->cluster.bots);
}

struct wall world_cluster_now(const struct world *w)
{
    return wall_add(world_calendar(w), w->cluster.ahead);
}

void world_cluster_count(struct world *w)
{
    struct world_cluster *c = &w->cluster;
    int64_t second = dur_to_s((struct dur){w->t.ns});
    if (second != c->second)
        c->in_second = 0;
    c->second = second;
    c->in_second++;
    if (second >= w->config->peak_from_s && c->in_second > c->most_in_second)
        c->most_in_second = c->in_second;
}

static struct err *untrusted(const char *text)
{
    return err_set_hint(err_new(ERR_UNTRUSTED, "%s", text),
                        "Make sure that this is the right server; if its CA was replaced, give "
                        "tbot the new one.");
}

struct err *world_cluster_handshake(const struct world *w, const struct world_identity *shown,
                                    unsigned trusts, struct wall asker_now)
{
    const struct world_cluster *c = &w->cluster;
    if (wall_before(asker_now, c->server_cert.not_before) ||
        wall_before(c->server_cert.not_after, asker_now))
        return err_set_hint(err_new(ERR_EXPIRED, "the server's certificate is not valid here now"),
                            "Check this machine's clock.");
    if (!(trusts & 1U << c->host.in_use))
        return untrusted("the server's certificate is of a CA that is not trusted");
    if (shown->serial && !(c->user.trusted & 1U << shown->signed_by))
        return untrusted("the peer sent the TLS alert 'unknown CA' (48): it refuses our "
                         "certificate");
    if (shown->serial && !wall_before(world_cluster_now(w), shown->facts.validity.not_after))
        return err_new(ERR_EXPIRED, "the peer sent the TLS alert 'certificate expired' (45)");
    return NULL;
}

struct world_instance *world_cluster_instance(struct world_bot *bot, uint64_t id)
{
    for (size_t i = 0; i < bot->n_instances; i++)
        if (bot->instances[i].id == id)
            return &bot->instances[i];
    return NULL;
}

static void refuse(struct world_request *r, int status, const char *text)
{
    r->status = status;
    r->text = text;
}

/* Cuts what was asked for to what there is. false: it lies in the past, which is refused. */
static bool choose_validity(const struct world *w, const struct world_request *r,
                            struct validity *ret)
{
    struct wall now = world_cluster_now(w);
    if (!wall_before(now, r->expires))
        return false;
    ret->not_before = wall_add(now, dur_s(-BACKDATED_S));
    ret->not_after = wall_min(r->expires, wall_add(now, dur_s(LONGEST_TTL_S)));
    return true;
}

static void sign(struct world *w, struct world_request *r, struct validity v, int64_t generation,
                 uint64_t instance)
{
    r->issued = (struct world_identity){
        .facts = {.validity = v, .generation = generation, .per_instance = instance != 0},
        .serial = world_id(w),
        .issued_at = w->t,
        .key = r->key,
        .cert_key = r->key,
        .instance = instance,
        .token = r->kind == CALL_JOIN ? r->token : r->shown.token,
        .signed_by = w->cluster.user.in_use,
        .trusts = w->cluster.host.trusted,
    };
}

/* The label is that of the instance that renewed last. */
static int64_t label(const struct world_bot *bot)
{
    return bot->n_instances ? bot->instances[bot->n_instances - 1].generation : 0;
}

static void serve_read(struct world *w, struct world_bot *bot, struct world_request *r)
{
    struct dur lag = world_between(w, dur_s(0), dur_s(w->config->weather.lag_s));
    bool is_late = mono_diff(w->t, bot->changed_at).ns < lag.ns;
    if (!mono_before(w->t, bot->shown_until)) {
        bot->shown = label(bot);
        bot->shown_until = mono_add(w->t, dur_ms(READ_CACHE_MS));
    }
    r->generation = is_late ? bot->before : bot->shown;
}

static struct world_instance *add_instance(struct world_bot *bot, uint64_t id)
{
    if (bot->n_instances == WORLD_INSTANCES_MAX) {
        bot->n_instances--;
        memmove(bot->instances, bot->instances + 1, bot->n_instances * sizeof(*bot->instances));
    }
    struct world_instance *last = &bot->instances[bot->n_instances++];
    *last = (struct world_instance){.id = id, .generation = 1};
    return last;
}

static bool takes_token(const struct world *w, const struct world_bot *bot, uint64_t token)
{
    bool is_used = bot->token_is_used && !w->config->token_again;
    return !w->cluster.refuses_tokens && token && token == bot->token && !is_used;
}

/* Nothing is kept of it: no generation, no instance. */
static void serve_rejoin(struct world *w, struct world_request *r)
{
    struct validity v;
    if (!choose_validity(w, r, &v))
        return refuse(r, STATUS_DENIED, "client credentials have expired");
    w->tally.joins++;
    w->tally.renewals++; /* it takes the place of one */
    sign(w, r, v, 0, 0);
}

static void serve_join(struct world *w, struct world_bot *bot, struct world_request *r)
{
    struct validity v;
    if (!takes_token(w, bot, r->token))
        return refuse(r, STATUS_DENIED, "the token is expired or not found");
    if (w->config->rejoins)
        return serve_rejoin(w, r);
    if (!w->cluster.per_instance && bot->n_instances > 0)
        return refuse(r, STATUS_INVALID, "bot has already been issued a renewable certificate");
    if (!choose_validity(w, r, &v))
        return refuse(r, STATUS_DENIED, "client credentials have expired");
    struct world_instance *i = add_instance(bot, w->cluster.per_instance ? world_id(w) : 0);
    bot->token_is_used = true;
    w->tally.joins++;
    sign(w, r, v, i->generation, i->id);
}

static void lock(struct world *w, struct world_bot *bot, struct world_request *r,
                 const struct world_instance *i)
{
    struct dur ago = mono_diff(w->t, i->renewed_at);
    bool is_race = i->renewed_by != r->process && ago.ns < dur_ms(RACE_MS).ns;
    bot->is_locked = true;
    world_check_lock(w, r, is_race);
    refuse(r, STATUS_DENIED, "renewable cert generation mismatch");
}

static void serve_renew(struct world *w, struct world_bot *bot, struct world_request *r)
{
    struct validity v;
    struct world_instance *i = world_cluster_instance(bot, r->shown.instance);
    if (world_chance(w, w->config->weather.busy))
        return refuse(r, STATUS_BUSY, "Database comparison failed, try the request again");
    if (!i || !choose_validity(w, r, &v))
        return refuse(r, STATUS_DENIED, "client credentials have expired");
    if (i->generation != r->shown.facts.generation)
        return lock(w, bot, r, i);
    bot->before = label(bot);
    bot->changed_at = w->t;
    i->generation++;
    i->renewed_by = r->process;
    i->renewed_at = w->t;
    w->tally.renewals++;
    if (world_chance(w, w->config->weather.refused_at_cost))
        return refuse(r, STATUS_UNKNOWN, "ssh: no key found");
    sign(w, r, v, i->generation, i->id);
}

static void serve_issue(struct world *w, struct world_request *r)
{
    struct validity v;
    if (w->cluster.is_busy)
        return refuse(r, STATUS_BUSY, "Database comparison failed, try the request again");
    if (!choose_validity(w, r, &v))
        return refuse(r, STATUS_DENIED, "client credentials have expired");
    sign(w, r, v, 0, 0);
}

void world_cluster_serve(struct world *w, struct world_request *r)
{
    struct world_bot *bot = &w->cluster.bots[r->bot];
    world_cluster_count(w);
    r->date = world_cluster_now(w);
    bool is_known = r->shown.serial || w->config->rejoins;
    if (is_known && (bot->is_locked || bot->is_shut))
        return refuse(r, STATUS_DENIED, "lock targeting User:\"bot-robot\" is in force");
    switch (r->kind) {
    case CALL_JOIN:
        return serve_join(w, bot, r);
    case CALL_RENEW:
        return serve_renew(w, bot, r);
    case CALL_ISSUE:
        return serve_issue(w, r);
    case CALL_READ:
        return serve_read(w, bot, r);
    case CALL_PING:
    case CALL_KINDS:
        return;
    }
}
