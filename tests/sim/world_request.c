/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <stdlib.h>

/* TCP_USER_TIMEOUT of transport/dial.c. */
#define UNANSWERED_S 100

static struct world_request *request_new(struct world *w)
{
    struct world_request *r = calloc(1, sizeof(*r));
    if (!r)
        world_die("no memory");
    r->world = w;
    r->next = w->requests;
    r->link = &w->requests;
    if (r->next)
        r->next->link = &r->next;
    w->requests = r;
    return r;
}

static void request_free(struct world_request *r)
{
    if (r->call)
        r->call->request = NULL;
    world_at(r->world, &r->timer, MONO_NEVER);
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    free(r);
}

void world_request_release_all(struct world *w)
{
    while (w->requests)
        request_free(w->requests);
}

/* It will not arrive, or its reply will not; the connection breaks with it, or nobody notices. */
static void lose(struct world_request *r, bool noticed)
{
    struct world_call *c = r->call;
    request_free(r);
    if (!noticed || !c)
        return;
    world_call_break(c);
    if (c->kind != CALL_JOIN)
        world_net_break(c->agent);
}

/* Silence: sent again later, as long as somebody waits for the answer or has just given up. */
static bool is_sent_again(struct world_request *r, bool is_late)
{
    struct world *w = r->world;
    struct mono first = r->sent_at;
    if (is_late || mono_diff(w->t, first).ns >= dur_s(UNANSWERED_S).ns)
        return false;
    if (r->call) {
        struct world_conn *conn = &r->call->agent->conn;
        conn->unanswered_since = mono_min(conn->unanswered_since, first);
        first = conn->unanswered_since;
    }
    world_at(w, &r->timer, world_net_again(w, first));
    return true;
}

/* false: it did not come through, or not yet. */
static bool comes_through(struct world_request *r)
{
    struct world *w = r->world;
    enum world_way way = world_net_meets(w, r->route);
    bool is_late = r->abandoned_at.ns != MONO_NEVER.ns &&
                   mono_diff(w->t, r->abandoned_at).ns > dur_s(WORLD_LINGER_S).ns;
    if (way == WAY_OPEN && !is_late)
        return true;
    if (way != WAY_SILENT || !is_sent_again(r, is_late))
        lose(r, true);
    return false;
}

static struct dur travel_time(struct world *w, enum call_kind kind)
{
    if (kind == CALL_RENEW && w->config->weather.late_s)
        return world_between(w, dur_s(0), dur_s(w->config->weather.late_s));
    if (world_chance(w, w->config->weather.slow))
        return world_between(w, dur_s(0), dur_s(w->config->weather.slow_s));
    return world_net_delay(w);
}

static void on_replied(void *arg)
{
    struct world_request *r = arg;
    struct world_call *c = r->call;
    if (!comes_through(r))
        return;
    if (c && world_machine_is_awake(c->agent))
        world_call_reply(c, r);
    request_free(r);
}

static bool is_reading(const struct world_request *r)
{
    return r->kind == CALL_PING || r->kind == CALL_READ;
}

static void on_arrived(void *arg)
{
    struct world_request *r = arg;
    struct world *w = r->world;
    if (!comes_through(r))
        return;
    world_cluster_serve(w, r);
    if (is_reading(r) && world_chance(w, w->config->weather.twice))
        world_cluster_serve(w, r);
    if (world_chance(w, w->config->weather.reply_lost)) {
        lose(r, world_chance(w, 50));
        return;
    }
    r->timer.fn = on_replied;
    world_after(w, &r->timer, travel_time(w, CALL_KINDS));
}

void world_request_send(struct world_call *c)
{
    struct world_agent *a = c->agent;
    struct world *w = a->world;
    struct world_request *r = request_new(w);
    r->timer = (struct loop_timer){.fn = on_arrived, .arg = r};
    r->call = c;
    r->sent_at = w->t;
    r->abandoned_at = MONO_NEVER;
    r->route = c->route;
    r->kind = c->kind;
    r->bot = a->bot;
    r->process = a->process;
    r->shown = c->shown;
    r->key = c->key;
    r->token = c->token;
    r->expires = world_connection_wanted_end(a);
    if (c->kind != CALL_PING && c->kind != CALL_READ)
        world_check_asks(a, r->expires);
    c->request = r;
    if (world_chance(w, w->config->weather.request_lost))
        lose(r, world_chance(w, 50));
    else
        world_after(w, &r->timer, travel_time(w, r->kind));
}
