/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

/* Those of agent/identity_service.c. */
#define RENEW_LIMIT_S 300
#define JOIN_LIMIT_S 60
#define ASK_LIMIT_S 30

static void on_answer(void *arg);
static void on_timer(void *arg);

void world_lane_init(struct world_lane *l, struct world_agent *a)
{
    *l = (struct world_lane){.agent = a};
    l->call = (struct world_call){.agent = a, .done = on_answer, .arg = l};
    l->timer = (struct loop_timer){.fn = on_timer, .arg = l};
}

void world_lane_drop(struct world_lane *l)
{
    world_call_abandon(&l->call);
    world_at(l->agent->world, &l->timer, MONO_NEVER);
    err_free(l->err);
    l->err = NULL;
    l->step = LANE_IDLE;
}

bool world_lane_is_worth_waiting_for(const struct world_lane *l)
{
    bool is_writing = l->step != LANE_IDLE && l->step != LANE_ASKING;
    bool is_used_up = !l->agent->world->config->rejoins;
    bool is_joining = l->job == RENEWER_JOB_JOIN && l->call.is_written && is_used_up;
    return is_writing || (l->step == LANE_ASKING && (l->job == RENEWER_JOB_RENEW || is_joining));
}

static void ask(struct world_lane *l, enum call_kind kind, int64_t limit_s)
{
    struct world_agent *a = l->agent;
    struct world_call *c = &l->call;
    c->kind = kind;
    c->shown = kind == CALL_JOIN ? (struct world_identity){0} : a->held;
    c->key = l->key;
    c->token = kind == CALL_JOIN ? a->token : 0;
    c->secret = kind == CALL_JOIN ? WORLD_SECRET "-token" : NULL;
    c->deadline = mono_add(a->world->t, dur_s(limit_s));
    l->step = LANE_ASKING;
    world_call_begin(c);
    world_check_agent(a);
}

/* The disk takes its time: a moment in which a process may die. */
static void use_disk(struct world_lane *l, enum world_lane_step step)
{
    l->step = step;
    world_after(l->agent->world, &l->timer, world_machine_write_time(l->agent));
    world_check_agent(l->agent);
}

static void end(struct world_lane *l, struct err *e)
{
    l->step = LANE_IDLE;
    l->outcome.kind = RENEWER_JOB_DONE;
    l->outcome.job = l->job;
    l->outcome.code = err_code(e);
    err_free(l->err);
    l->err = e;
    world_agent_lane_ended(l->agent);
}

static void begin_renewal(struct world_lane *l)
{
    struct world_agent *a = l->agent;
    struct err *e = world_disk_begin_renewal(&a->disk);
    bool is_tight = schedule_is_tight(a->held.facts.validity, world_machine_now(a).wall);
    if (e && !is_tight) {
        end(l, e);
        return;
    }
    err_ignore(e, "an identity that expires for want of a disk serves nobody");
    l->key = world_id(a->world);
    ask(l, CALL_RENEW, RENEW_LIMIT_S);
}

/* The new identity counts from here on, stored or not. */
static void store(struct world_lane *l)
{
    struct world_agent *a = l->agent;
    struct err *e = world_disk_commit(&a->disk, &l->issued);
    l->outcome.unpersisted = e != NULL;
    l->outcome.identity = l->issued.facts;
    err_ignore(e, "it is stored as soon as that is possible");
    world_connection_use(a, &l->issued);
    end(l, NULL);
}

static void on_timer(void *arg)
{
    struct world_lane *l = arg;
    struct world_agent *a = l->agent;
    if (!world_machine_is_awake(a)) {
        world_at(a->world, &l->timer, a->asleep_to);
        return;
    }
    if (l->step == LANE_WRITING_JOURNAL)
        begin_renewal(l);
    else if (l->job == RENEWER_JOB_PERSIST)
        end(l, world_disk_commit(&a->disk, &a->held));
    else if (l->job == RENEWER_JOB_JOIN && l->step == LANE_CHECKING_ROOM)
        end(l, world_disk_check_room(&a->disk));
    else
        store(l);
}

static void ping_answered(struct world_lane *l)
{
    if (l->job == RENEWER_JOB_RENEW)
        use_disk(l, LANE_WRITING_JOURNAL);
    else
        ask(l, CALL_READ, ASK_LIMIT_S);
}

static void on_answer(void *arg)
{
    struct world_lane *l = arg;
    struct world_call *c = &l->call;
    world_connection_note(l->agent, c);
    l->outcome.written |= c->kind == CALL_RENEW && c->is_written;
    if (c->err) {
        if (l->job == RENEWER_JOB_RENEW && !l->outcome.written)
            world_disk_abort_renewal(&l->agent->disk);
        struct err *e = c->err;
        c->err = NULL;
        end(l, e);
    } else if (c->kind == CALL_PING) {
        ping_answered(l);
    } else if (c->kind == CALL_READ) {
        l->outcome.generation = c->generation;
        end(l, NULL);
    } else {
        l->issued = c->issued;
        l->issued.key = l->key; /* ours, and never sent */
        use_disk(l, LANE_STORING);
    }
}

void world_lane_begin(struct world_lane *l, enum renewer_job job)
{
    l->job = job;
    l->outcome = (struct renewer_event){0};
    switch (job) {
    case RENEWER_JOB_JOIN:
        l->key = world_id(l->agent->world);
        if (!l->agent->held.serial && l->agent->disk.is_full)
            use_disk(l, LANE_CHECKING_ROOM);
        else
            ask(l, CALL_JOIN, JOIN_LIMIT_S);
        break;
    case RENEWER_JOB_PERSIST:
        use_disk(l, LANE_STORING);
        break;
    default:
        ask(l, CALL_PING, ASK_LIMIT_S);
        break;
    }
}
