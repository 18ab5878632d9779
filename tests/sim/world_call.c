/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include "transport/status_map.h"

#include <errno.h>

static void begin(struct world_call *c);

static void let_go(struct world_call *c)
{
    if (c->request) {
        c->request->abandoned_at = c->agent->world->t;
        c->request->call = NULL;
    }
    c->request = NULL;
    c->is_running = c->is_sent = false;
    world_at(c->agent->world, &c->timer, MONO_NEVER);
}

void world_call_abandon(struct world_call *c)
{
    let_go(c);
    world_call_release(c);
}

void world_call_release(struct world_call *c)
{
    err_free(c->err);
    c->err = NULL;
}

/* Takes `e`. */
static void end(struct world_call *c, struct err *e)
{
    struct world_agent *a = c->agent;
    bool is_broken =
        c->is_sent && c->kind != CALL_JOIN && e && err_class(err_code(e)) == ERR_CLASS_PASSING;
    bool may_repeat = is_broken && err_code(e) == ERR_UNAVAILABLE && c->is_reused &&
                      !c->is_repeated && c->kind != CALL_RENEW;
    let_go(c);
    if (is_broken)
        a->conn.is_up = false; /* not waited on again */
    if (may_repeat) {
        err_free(e);
        c->is_repeated = true;
        begin(c);
        return;
    }
    c->err = e;
    if (!e && (c->kind == CALL_PING || c->kind == CALL_JOIN))
        world_disk_learn(&a->disk, c->route, a->token);
    if (e)
        world_log_show(a->world, a, "%s: %s", call_kind_name(c->kind), err_code_name(err_code(e)));
    c->done(c->arg);
}

void world_call_reply(struct world_call *c, const struct world_request *r)
{
    c->issued = r->issued;
    c->generation = r->generation;
    c->date = r->date;
    c->agent->conn.unanswered_since = MONO_NEVER;
    end(c, r->status ? status_map_grpc(r->status, r->text) : NULL);
}

/* A process that slept sees what happened meanwhile when it wakes. */
static bool is_asleep(struct world_call *c)
{
    if (world_machine_is_awake(c->agent))
        return false;
    world_at(c->agent->world, &c->timer, c->agent->asleep_to);
    return true;
}

static void on_broken(void *arg)
{
    struct world_call *c = arg;
    if (!is_asleep(c))
        end(c, err_sys(ERR_UNAVAILABLE, ECONNRESET, "the connection broke"));
}

void world_call_break(struct world_call *c)
{
    if (!c->is_sent)
        return;
    c->timer.fn = on_broken;
    world_after(c->agent->world, &c->timer, dur_ms(1));
}

static void on_deadline(void *arg)
{
    struct world_call *c = arg;
    if (!is_asleep(c))
        end(c, err_new(ERR_TIMEOUT, "no answer in time"));
}

static void send(struct world_call *c)
{
    struct world *w = c->agent->world;
    c->is_written = c->is_sent = true;
    c->timer.fn = on_deadline;
    world_at(w, &c->timer, c->deadline);
    world_request_send(c);
    world_check_agent(c->agent);
}

static void on_sending(void *arg)
{
    struct world_call *c = arg;
    if (!is_asleep(c))
        send(c);
}

/* --- dialling --- */

static void dial_route(struct world_call *c);

/* Takes `e`. The code is that of the first way, as in transport/connector.c. */
static void route_failed(struct world_call *c, struct err *e)
{
    path_failed(&c->agent->path, c->routes[c->at_route], err_code(e));
    if (c->err) {
        err_free(e);
        e = c->err;
        c->err = NULL;
    }
    if (++c->at_route == c->n_routes) {
        end(c, e);
        return;
    }
    c->err = e;
    dial_route(c);
}

/* Pins vouch for CAs, also for such as were not there when the identity was issued; without any a join
 * trusts everybody. */
static struct err *handshake(const struct world_call *c)
{
    const struct world_agent *a = c->agent;
    unsigned trusts = c->shown.trusts | a->pins;
    if (c->kind == CALL_JOIN)
        trusts = a->pins ? a->pins : ~0U;
    return world_cluster_handshake(a->world, &c->shown, trusts, world_machine_now(a).wall);
}

static void connected(struct world_call *c)
{
    struct world_agent *a = c->agent;
    enum route route = c->routes[c->at_route];
    struct err *e = handshake(c);
    if (e) {
        route_failed(c, e);
        return;
    }
    world_call_release(c);
    path_worked(&a->path, route);
    world_check_connected(a, route);
    if (c->kind != CALL_JOIN)
        a->conn = (struct world_conn){true, c->shown.serial, route, MONO_NEVER};
    c->route = route;
    send(c);
}

static bool can_use_connection(const struct world_call *c)
{
    const struct world_conn *conn = &c->agent->conn;
    return conn->is_up && c->kind != CALL_JOIN && conn->shows == c->shown.serial;
}

/* Another call may have dialled meanwhile: one connection serves them all. */
static bool use_connection(struct world_call *c)
{
    if (!can_use_connection(c))
        return false;
    world_call_release(c);
    c->route = c->agent->conn.route;
    c->timer.fn = on_sending;
    world_after(c->agent->world, &c->timer, dur_ms(0));
    return true;
}

static void on_dialling(void *arg)
{
    struct world_call *c = arg;
    struct world *w = c->agent->world;
    if (is_asleep(c) || use_connection(c))
        return;
    switch (world_net_meets(w, c->routes[c->at_route])) {
    case WAY_OPEN:
        world_cluster_count(w);
        connected(c);
        return;
    case WAY_REFUSES:
        route_failed(c, err_sys(ERR_UNAVAILABLE, ECONNREFUSED, "connect"));
        return;
    case WAY_SILENT:
        break;
    }
    if (!mono_before(w->t, c->route_deadline))
        route_failed(c, err_new(ERR_TIMEOUT, "connect: no answer in time"));
    else
        world_at(w, &c->timer, mono_min(world_net_again(w, c->dialled_at), c->route_deadline));
}

static void dial_route(struct world_call *c)
{
    struct world *w = c->agent->world;
    int64_t left = mono_diff(c->deadline, w->t).ns;
    c->dialled_at = w->t;
    c->route_deadline = mono_add(w->t, (struct dur){left / (int64_t)(c->n_routes - c->at_route)});
    c->timer.fn = on_dialling;
    world_after(w, &c->timer, world_net_delay(w));
}

static void begin(struct world_call *c)
{
    c->is_running = true;
    c->is_written = false;
    c->issued = (struct world_identity){0};
    c->is_reused = use_connection(c);
    if (c->is_reused)
        return;
    c->n_routes = path_routes(&c->agent->path, c->routes);
    world_check_dial(c->agent, c->routes[0]);
    c->at_route = 0;
    dial_route(c);
}

void world_call_begin(struct world_call *c)
{
    world_check_call(c->agent, c->kind);
    c->timer.arg = c;
    c->is_repeated = false;
    c->began_at = c->agent->world->t;
    begin(c);
}
