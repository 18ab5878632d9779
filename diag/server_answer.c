/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/server_private.h"

#include "diag/server_metrics.h"

#include <unistd.h>

static struct mono now(const struct diag_server *s)
{
    return loop_now(s->c.loop).mono;
}

static void ask_again(void *arg)
{
    struct diag_server *s = arg;
    diag_http_ask_again(s->http);
}

/* Each at most once, however often it was asked for. What it does may end us, but not at once. */
static void act(void *arg)
{
    struct diag_server *s = arg;
    const struct diag_control *c = s->c.control;
    bool renews = s->renews, reloads = s->reloads, shuts_down = s->shuts_down;
    s->renews = s->reloads = s->shuts_down = false;
    if (reloads)
        c->reload(c->arg);
    if (renews)
        c->renew(c->arg);
    if (shuts_down)
        c->shut_down(c->arg);
}

static void profile_changed(void *arg)
{
    diag_server_changed(arg);
}

static size_t index_of(const struct diag_server *s, const struct place *at)
{
    return (size_t)(at - s->places.at);
}

void server_answer_init(struct diag_server *s)
{
    const struct diag_profiles_config profiles = {s->c.loop, s->c.clock, s, profile_changed};
    diag_profiles_init(&s->profiles, &profiles);
    s->ask = (struct loop_timer){.fn = ask_again, .arg = s};
    s->act = (struct loop_timer){.fn = act, .arg = s};
    diag_log_switch_init(&s->log_switch, s->c.loop, s->c.log);
}

void server_answer_release(struct diag_server *s)
{
    loop_timer_clear(s->c.loop, &s->ask);
    loop_timer_clear(s->c.loop, &s->act);
    diag_log_switch_release(&s->log_switch);
    diag_profiles_release(&s->profiles);
}

/* A deed changes the agent, which must not happen while the library is in the middle of a request. */
static void take_on(struct diag_server *s, const struct place *at, const struct diag_deed *d)
{
    if (d->kind == DIAG_DEED_NONE)
        return;
    if (d->kind == DIAG_DEED_LOG_LEVEL) {
        diag_log_switch_set(&s->log_switch, d->level, d->lasting);
        return;
    }
    if (d->kind == DIAG_DEED_PROFILE) { /* made elsewhere: it only begins here */
        diag_profiles_start(&s->profiles, index_of(s, at), d);
        return;
    }
    if (d->kind == DIAG_DEED_RELOAD)
        s->awaited[index_of(s, at)] = d->awaited;
    s->renews |= d->kind == DIAG_DEED_RENEW;
    s->reloads |= d->kind == DIAG_DEED_RELOAD;
    s->shuts_down |= d->kind == DIAG_DEED_SHUT_DOWN;
    server_set_timer(s, &s->act, now(s));
}

static void show_in_flight(struct diag_server *s)
{
    server_metrics_in_flight(s->c.metrics, places_count(&s->places, PLACE_ANSWERING));
}

static void view_listeners(const struct diag_server *s, struct diag_listener_view *views)
{
    for (size_t i = 0; i < s->n_ears; i++) {
        views[i] =
            (struct diag_listener_view){.text = s->ears[i].listener.text, .port = s->ears[i].port};
        places_count_on(&s->places, (unsigned)i, &views[i].connections, &views[i].held);
    }
}

static struct diag_facts facts_for(const struct diag_server *s, const struct place *at)
{
    return (struct diag_facts){
        .health = s->c.health,
        .metrics = s->c.metrics,
        .metrics_prefix = s->c.metrics_prefix,
        .hostname = s->hostname,
        .liveness = s->liveness,
        .now = clock_now(s->c.clock), /* not the turn's: it may have stood still since it began */
        .pid = getpid(),
        .reporter = s->c.reporter,
        .control = s->c.control,
        .log = s->c.log,
        .log_level_until = s->log_switch.until,
        .profile = diag_profiles_view(&s->profiles, index_of(s, at)),
        .awaited = s->awaited[index_of(s, at)],
        .may_hold = at->state == PLACE_HELD || places_may_hold(&s->places, at->is_local),
    };
}

static bool answer(struct diag_server *s, const struct diag_request *r, struct diag_facts *f,
                   struct diag_answer *a)
{
    CLEANUP(err_freep) struct err *e = diag_routes_answer(&s->c.policy, r, f, a);
    if (e)
        log_err(s->c.log, LOG_ERROR, "diag", "no answer could be made", e);
    return e == NULL;
}

static void hold(struct diag_server *s, struct place *at, struct mono ask_at)
{
    place_hold(at, ask_at);
    show_in_flight(s);
    server_set_timer(s, &s->ask, places_next_ask(&s->places));
}

bool server_answer_make(void *arg, struct place *at, struct diag_request *r, struct diag_answer *a)
{
    struct diag_server *s = arg;
    struct diag_listener_view views[DIAG_ADDRESSES_MAX];
    struct diag_facts facts = facts_for(s, at);
    server_asker_identify(s, at, r);
    place_begin_answer(at, now(s));
    show_in_flight(s);
    view_listeners(s, views); /* who asks does not wait */
    facts.listeners = views;
    facts.n_listeners = s->n_ears;
    bool is_made = answer(s, r, &facts, a);
    if (is_made && a->is_held)
        hold(s, at, a->ask_at);
    else if (is_made)
        server_metrics_answered(s->c.metrics, a->route, a->code);
    server_plan_deadline(s); /* who was held had none */
    if (is_made)
        take_on(s, at, &a->deed);
    return is_made;
}

/* What somebody there has waited for. */
static void forget(struct diag_server *s, const struct place *at)
{
    diag_profiles_forget(&s->profiles, index_of(s, at));
    s->awaited[index_of(s, at)] = 0;
}

void server_answer_sent(void *arg, struct place *at)
{
    struct diag_server *s = arg;
    if (at->state == PLACE_ANSWERING)
        server_metrics_took(s->c.metrics, mono_diff(clock_mono(s->c.clock), at->since));
    forget(s, at);
    place_end_answer(at, now(s));
    show_in_flight(s);
}

/* Of TLS the last bytes may be on their way: they have as long as an answer has. */
void server_answer_closed(void *arg, struct place *at)
{
    struct diag_server *s = arg;
    forget(s, at);
    if (at->tls) {
        place_end_answer(at, now(s));
        server_plan_deadline(s);
        at->fd = -1;
    } else {
        place_leave(at);
    }
    show_in_flight(s);
}

void diag_server_changed(struct diag_server *s)
{
    if (!s->is_stopped && places_count(&s->places, PLACE_HELD) > 0)
        server_set_timer(s, &s->ask, now(s));
}
