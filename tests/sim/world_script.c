/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

const char *world_script_name(enum what what)
{
    static const char *const names[] = {
        [NOTHING] = "nothing",
        [STOPPED] = "the cluster is stopped",
        [SILENT] = "the network is silent",
        [DOWN] = "the cluster is away",
        [BLOCKED] = "the first way is shut",
        [CUT] = "all connections break",
        [CLUSTER_CLOCK] = "the cluster's calendar jumps",
        [LOCK] = "the bots are locked",
        [REFUSE] = "tokens are refused",
        [BUSY] = "nothing is signed for outputs",
        [ROTATE] = "the CAs are rotated",
        [ROTATE_HOST] = "the host CA is rotated",
        [CLOCK] = "the calendar jumps",
        [SUSPEND] = "the machine sleeps",
        [FREEZE] = "the virtual machine is paused",
        [OFF] = "the machine is off",
        [DISK_FULL] = "the disk is full",
        [KILL] = "kill -9",
        [STOP] = "SIGTERM",
        [RENEW_NOW] = "SIGUSR1",
        [NEW_TOKEN] = "a person gives a new token",
        [NEW_PINS] = "a person gives new pins",
        [COPY] = "a copy of the storage is started",
    };
    return names[what];
}

bool world_script_has(const struct world *w, enum what what)
{
    for (size_t i = 0; i < WORLD_SCRIPT_MAX; i++)
        if (w->config->script[i].what == what)
            return true;
    return false;
}

static enum world_way manner(struct world *w, enum what what)
{
    bool refuses = what == STOPPED || (what != SILENT && world_chance(w, 50));
    return refuses ? WAY_REFUSES : WAY_SILENT;
}

/* --- the cluster --- */

static void block(struct world *w, bool is_shut)
{
    w->net.routes[ROUTE_TLS_ROUTING] = is_shut ? manner(w, BLOCKED) : WAY_OPEN;
    if (is_shut)
        world_net_cut(w);
}

static void lock(struct world *w, bool is_shut)
{
    for (size_t i = 0; i < w->n_agents; i++)
        w->cluster.bots[i].is_shut = is_shut;
}

static void set_cluster_clock(struct world *w, struct dur by)
{
    w->cluster.ahead.ns += by.ns;
    for (size_t i = 0; i < w->n_agents; i++)
        world_check_clock_changed(&w->agents[i]);
}

/* The servers restart with certificates of the new CA. */
static void use_new_cas(struct world *w, enum what what)
{
    w->cluster.host.in_use++;
    w->cluster.user.in_use += what == ROTATE;
    world_net_cut(w);
}

static void trust_new_cas(struct world *w, enum what what)
{
    struct world_cluster *c = &w->cluster;
    c->host.trusted |= 1U << (c->host.in_use + 1);
    if (what == ROTATE)
        c->user.trusted |= 1U << (c->user.in_use + 1);
}

static void drop_old_cas(struct world *w)
{
    struct world_cluster *c = &w->cluster;
    c->host.trusted = 1U << c->host.in_use;
    c->user.trusted = 1U << c->user.in_use;
}

/* --- the agents --- */

static void new_pins(struct world_agent *a)
{
    if (a->pins)
        a->pins = 1U << a->world->cluster.host.in_use;
    world_machine_restart(a, true);
}

static void new_token(struct world_agent *a)
{
    struct world *w = a->world;
    struct world_bot *bot = &w->cluster.bots[a->bot];
    bot->token = a->token = world_id(w);
    bot->token_is_used = bot->is_locked = false;
    if (!w->cluster.per_instance)
        bot->n_instances = 0; /* removed and added again */
    new_pins(a);
}

static void copy(struct world_agent *a)
{
    struct world *w = a->world;
    const struct world_agent *first = &w->agents[0];
    if (a->number + 1 != w->n_agents)
        return;
    a->disk = first->disk;
    a->token = first->token;
    world_after(w, &a->starts, world_between(w, dur_s(0), dur_s(10)));
}

static void do_to_agent(struct world_agent *a, const struct happening *h)
{
    switch (h->what) {
    case CLOCK:
        world_machine_set_calendar(a, (struct dur){a->ahead.ns + dur_s(h->by_s).ns});
        break;
    case SUSPEND:
    case FREEZE:
        world_machine_sleep(a, dur_s(h->for_s), h->what == FREEZE);
        break;
    case OFF:
        world_machine_switch_off(a, dur_s(h->for_s));
        break;
    case DISK_FULL:
        a->disk.is_full = true;
        break;
    case KILL:
    case STOP:
        if (world_agent_runs(a))
            world_machine_restart(a, h->what == STOP);
        break;
    case RENEW_NOW:
        world_agent_renew_now(a);
        break;
    case NEW_TOKEN:
        new_token(a);
        break;
    case NEW_PINS:
        new_pins(a);
        break;
    case COPY:
        copy(a);
        break;
    default:
        break;
    }
}

static void do_to_world(struct world *w, const struct happening *h)
{
    switch (h->what) {
    case STOPPED:
    case SILENT:
    case DOWN:
        world_net_set(w, manner(w, h->what));
        break;
    case BLOCKED:
        block(w, true);
        break;
    case CUT:
        world_net_cut(w);
        break;
    case CLUSTER_CLOCK:
        set_cluster_clock(w, dur_s(h->by_s));
        break;
    case LOCK:
        lock(w, true);
        break;
    case REFUSE:
        w->cluster.refuses_tokens = true;
        break;
    case BUSY:
        w->cluster.is_busy = true;
        break;
    case ROTATE:
    case ROTATE_HOST:
        trust_new_cas(w, h->what);
        break;
    default:
        for (size_t i = 0; i < w->n_agents && !w->is_broken; i++)
            do_to_agent(&w->agents[i], h);
        break;
    }
}

static void undo(struct world *w, const struct happening *h)
{
    switch (h->what) {
    case STOPPED:
    case SILENT:
    case DOWN:
        world_net_set(w, WAY_OPEN);
        break;
    case BLOCKED:
        block(w, false);
        break;
    case LOCK:
        lock(w, false);
        break;
    case REFUSE:
        w->cluster.refuses_tokens = false;
        break;
    case BUSY:
        w->cluster.is_busy = false;
        break;
    case ROTATE:
    case ROTATE_HOST:
        drop_old_cas(w);
        break;
    case DISK_FULL:
        for (size_t i = 0; i < w->n_agents; i++)
            w->agents[i].disk.is_full = false;
        break;
    default:
        break;
    }
}

/* Truth has changed for everybody. */
static void look_at_all(struct world *w)
{
    for (size_t i = 0; i < w->n_agents && !w->is_broken; i++)
        world_check_agent(&w->agents[i]);
}

static void on_end(void *arg)
{
    const struct world_script_line *l = arg;
    world_log_show(l->world, NULL, "over: %s", world_script_name(l->h->what));
    undo(l->world, l->h);
    look_at_all(l->world);
}

static void on_middle(void *arg)
{
    const struct world_script_line *l = arg;
    world_log_show(l->world, NULL, "the new CA is in use");
    use_new_cas(l->world, l->h->what);
    look_at_all(l->world);
}

static void plan(struct world_script_line *l, struct mono from)
{
    struct world *w = l->world;
    struct dur late = world_between(w, dur_s(0), dur_s(l->h->within_s));
    world_at(w, &l->begin, mono_add(from, late));
}

static void on_begin(void *arg)
{
    struct world_script_line *l = arg;
    struct world *w = l->world;
    world_log_show(w, NULL, "%s", world_script_name(l->h->what));
    do_to_world(w, l->h);
    look_at_all(w);
    if (l->h->for_s)
        world_after(w, &l->end, dur_s(l->h->for_s));
    if (l->h->what == ROTATE || l->h->what == ROTATE_HOST)
        world_after(w, &l->middle, dur_s(l->h->for_s / 3));
    l->n_done++;
    if (l->h->every_s)
        plan(l, (struct mono){dur_s(l->h->at_s + (int64_t)l->n_done * l->h->every_s).ns});
}

void world_script_init(struct world *w)
{
    for (size_t i = 0; i < WORLD_SCRIPT_MAX; i++) {
        struct world_script_line *l = &w->script.lines[i];
        *l = (struct world_script_line){.h = &w->config->script[i], .world = w};
        l->begin = (struct loop_timer){.fn = on_begin, .arg = l};
        l->middle = (struct loop_timer){.fn = on_middle, .arg = l};
        l->end = (struct loop_timer){.fn = on_end, .arg = l};
        if (l->h->what != NOTHING)
            plan(l, (struct mono){dur_s(l->h->at_s).ns});
    }
}
