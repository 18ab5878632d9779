/* SPDX-License-Identifier: Apache-2.0 */
/* What agent/connection_service.c and cluster_skew.c do: is the cluster there, and what time is it there? */
#include "tests/sim/world.h"

/* That of agent/connection_service.c. */
#define CHECK_LIMIT_S 10

/* The renewer is told when the skew has changed by more. */
#define SKEW_NEWS_S 2

static void say_change(struct world_agent *a, const struct contact_todo *todo)
{
    if (!todo->is_lost && !todo->has_returned)
        return;
    log_err(world_log_of(a), LOG_WARN, "connection",
            todo->is_lost ? "lost contact with the cluster" : "the cluster is back", a->check.err,
            LOG_DUR("after", todo->lasted));
    world_log_check(a);
}

static void check(struct world_agent *a, int64_t within_s)
{
    a->check.shown = a->held;
    a->check.deadline = mono_add(a->world->t, dur_s(within_s));
    world_call_begin(&a->check);
}

/* MONO_NEVER: as long as there is contact, and without a limit. */
static struct mono patience_ends(const struct world_agent *a)
{
    const struct contact *c = &a->contact;
    int64_t limit_s = a->world->config->give_up_s;
    if (c->state != CONTACT_DOWN || limit_s == 0)
        return MONO_NEVER;
    bool was_never_there = c->last_contact.ns == MONO_NEVER.ns;
    return mono_add(was_never_there ? a->began : c->last_contact, dur_s(limit_s));
}

static void in_touch(struct world_agent *a)
{
    if (a->world->config->give_up_s > 0 && a->renewer.state == RENEWER_FRESH)
        world_agent_step(a, &(struct renewer_event){.kind = RENEWER_CONTACT});
}

static void step_once(struct world_agent *a, enum contact_event_kind kind, enum err_code code)
{
    struct mono now = world_machine_now(a).mono;
    enum contact_state before = a->contact.state;
    struct contact_event ev = {.kind = kind, .code = code};
    struct contact_todo todo = contact_step(&a->contact, &ev, now);
    say_change(a, &todo);
    if (todo.check) {
        a->is_second_check = false;
        check(a, CHECK_LIMIT_S / 2);
    }
    world_at(a->world, &a->contact_timer, world_machine_when(a, todo.wake));
    world_at(a->world, &a->patience, world_machine_when(a, patience_ends(a)));
    if (a->contact.last_contact.ns == now.ns)
        in_touch(a);
    if (a->contact.state != before)
        world_agent_look(a);
}

void world_connection_step(struct world_agent *a, enum contact_event_kind kind, enum err_code code)
{
    if (a->is_stopping || !world_agent_runs(a))
        return;
    step_once(a, kind, code);
    if (a->world->config->twice && kind != CONTACT_CHECKED && world_agent_runs(a))
        step_once(a, kind, code);
}

/* As agent/cluster.c: what fell silent may be the old connection, so half of the time is for a new one. */
static void on_checked(void *arg)
{
    struct world_agent *a = arg;
    enum err_code code = err_code(a->check.err);
    if (code == ERR_TIMEOUT && !a->is_second_check) {
        world_call_release(&a->check);
        a->is_second_check = true;
        check(a, CHECK_LIMIT_S / 2);
        return;
    }
    world_connection_step(a, CONTACT_CHECKED, code);
    world_call_release(&a->check);
    world_check_agent(a);
}

static void on_timer(void *arg)
{
    struct world_agent *a = arg;
    if (!world_machine_is_awake(a)) {
        world_at(a->world, &a->contact_timer, a->asleep_to);
        return;
    }
    world_connection_step(a, CONTACT_TIMER, ERR_OK);
    world_check_agent(a);
}

static void on_patience(void *arg)
{
    struct world_agent *a = arg;
    if (world_machine_is_awake(a))
        world_agent_end(a, WORLD_GAVE_UP);
    else
        world_at(a->world, &a->patience, a->asleep_to);
}

void world_connection_hear(struct world_agent *a, enum err_code code)
{
    struct contact_event ev;
    if (contact_hear(code, &ev))
        world_connection_step(a, ev.kind, ERR_OK);
}

void world_connection_start(struct world_agent *a)
{
    a->conn = (struct world_conn){.unanswered_since = MONO_NEVER};
    a->path = (struct path){
        .kind = a->world->config->path, .has_worked = a->disk.has_route, .last = a->disk.route};
    a->skew = (struct skew){0};
    a->told_skew = dur_s(0);
    if (a->held.serial)
        skew_note_signed(&a->skew, a->held.facts.validity.not_before);
    a->began = world_machine_now(a).mono;
    a->check.done = on_checked;
    a->contact_timer = (struct loop_timer){.fn = on_timer, .arg = a};
    a->patience = (struct loop_timer){.fn = on_patience, .arg = a};
    contact_init(&a->contact, &a->dice.entropy, a->began);
}

void world_connection_drop(struct world_agent *a)
{
    world_call_abandon(&a->check);
    world_at(a->world, &a->contact_timer, MONO_NEVER);
    world_at(a->world, &a->patience, MONO_NEVER);
}

/* --- the cluster's clock --- */

struct wall world_connection_wanted_end(const struct world_agent *a)
{
    return skew_end(&a->skew, world_machine_now(a), world_ttl(a->world));
}

void world_connection_use(struct world_agent *a, const struct world_identity *i)
{
    a->held = *i;
    a->conn.is_up = false; /* calls under way end on the old one */
    skew_note_signed(&a->skew, i->facts.validity.not_before);
}

static void judge(struct world_agent *a, const struct world_call *c)
{
    bool asks_for_certificate = c->kind != CALL_PING && c->kind != CALL_READ;
    if (asks_for_certificate && err_code(c->err) == ERR_DENIED) {
        skew_doubt(&a->skew);
        world_check_clock_changed(a);
    }
}

void world_connection_note(struct world_agent *a, const struct world_call *c)
{
    struct dur skew, uncertainty;
    struct now now = world_machine_now(a);
    struct dur since = mono_diff(a->world->t, c->began_at);
    struct wall begins = c->issued.facts.validity.not_before;
    judge(a, c);
    if (c->err || !c->issued.serial)
        return;
    const struct skew_reading r =
        skew_of_certificate(begins, mono_add(now.mono, (struct dur){-since.ns}), now.mono);
    skew_note(&a->skew, &r);
    world_check_issued(a, c->began_at);
    if (!skew_get(&a->skew, now, &skew, &uncertainty))
        return;
    struct dur news = {skew.ns - a->told_skew.ns};
    if (news.ns < dur_s(SKEW_NEWS_S).ns && news.ns > dur_s(-SKEW_NEWS_S).ns)
        return;
    a->told_skew = skew;
    world_agent_step(a, &(struct renewer_event){.kind = RENEWER_SKEW, .skew = skew});
}
