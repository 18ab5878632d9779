/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include "agent/identity_advice.h"

#define COMPONENT "identity"

/* Those of agent/. */
#define STARTUP_LIMIT_S 120
#define STOP_LIMIT_S 10

bool world_agent_runs(const struct world_agent *a)
{
    return a->exit == WORLD_RUNS;
}

/* --- what is said --- */

static void say_job(struct world_agent *a)
{
    const struct world_lane *l = &a->lane;
    struct log *log = world_log_of(a);
    if (!log)
        return;
    if (l->err)
        log_err(log, LOG_WARN, COMPONENT, identity_advice_failed(l->job), l->err);
    else
        log_info(log, COMPONENT, renewer_job_name(l->job),
                 LOG_INT("generation", a->held.facts.generation),
                 LOG_WALL("valid_until", a->held.facts.validity.not_after));
    world_log_check(a);
}

static void say_state(struct world_agent *a, enum renewer_state before)
{
    const struct renewer *r = &a->renewer;
    if (r->state == before)
        return;
    bool failed = r->state == RENEWER_FAILED;
    const char *advice = identity_advice_state(failed ? r->failed_in : r->state);
    world_log_show(a->world, a, "%s -> %s", renewer_state_name(before),
                   renewer_state_name(r->state));
    if (identity_advice_is_news(&a->told, r->state) && advice) {
        log_warn(world_log_of(a), COMPONENT, advice,
                 LOG_STR("state", renewer_state_name(r->state)));
        world_check_says(a, failed ? r->failed_in : r->state);
    }
    world_log_check(a);
}

/* --- the whole --- */

void world_agent_end(struct world_agent *a, enum world_exit exit)
{
    if (a->renewer.unpersisted && a->lane.step == LANE_IDLE)
        err_ignore(world_disk_commit(&a->disk, &a->held), "told of, and lost");
    world_log_show(a->world, a, "the process ends");
    world_agent_kill(a);
    a->exit = exit;
    if (a->starts_again)
        world_machine_start_soon(a);
}

static void hold(struct world_agent *a, bool is_held)
{
    for (size_t i = 0; i < a->world->config->n_outputs; i++)
        world_output_hold(&a->outputs[i], is_held);
}

static struct supervisor_view view_of(const struct world_agent *a)
{
    struct supervisor_view v = {.identity = a->renewer.state,
                                .is_serving = renewer_is_serving(&a->renewer, world_machine_now(a)),
                                .contact = a->contact.state,
                                .n_outputs = a->world->config->n_outputs};
    for (size_t i = 0; i < v.n_outputs; i++) {
        const struct world_output *o = &a->outputs[i];
        bool has_run = o->is_started && o->cycle.has_ended;
        v.n_run += has_run;
        v.n_failed += has_run && o->cycle.last_code != ERR_OK;
    }
    return v;
}

static void do_for_outputs(struct world_agent *a, unsigned todo)
{
    if (todo & SUPERVISOR_HOLD_OUTPUTS)
        hold(a, true);
    if (todo & SUPERVISOR_RELEASE_OUTPUTS)
        hold(a, false);
    for (size_t i = 0; i < a->world->config->n_outputs; i++) {
        if (todo & SUPERVISOR_RENEW_STALE)
            world_output_renew_stale(&a->outputs[i]);
        if (todo & SUPERVISOR_START_OUTPUTS)
            world_output_start(&a->outputs[i]);
    }
}

void world_agent_look(struct world_agent *a)
{
    if (!world_agent_runs(a) || a->is_stopping)
        return;
    struct supervisor_view v = view_of(a);
    unsigned todo = supervisor_look(&a->supervisor, &v);
    if (todo)
        world_check_heard(a);
    if (todo & SUPERVISOR_WATCH_CONTACT)
        world_connection_step(a, CONTACT_LOOK, ERR_OK);
    if (todo & SUPERVISOR_TELL_IDENTITY)
        world_agent_step(a, &(struct renewer_event){.kind = RENEWER_CONTACT});
    if (world_agent_runs(a))
        do_for_outputs(a, todo);
    if (todo & SUPERVISOR_END_WELL)
        world_agent_end(a, WORLD_DONE);
    if (todo & SUPERVISOR_END_FAILED_OUTPUTS)
        world_agent_end(a, WORLD_FAILED_OUTPUTS);
    if (todo & SUPERVISOR_END_FAILED_IDENTITY)
        world_agent_end(a, WORLD_FAILED_IDENTITY);
}

/* --- the renewer --- */

static void step_once(struct world_agent *a, const struct renewer_event *ev)
{
    enum renewer_state before = a->renewer.state;
    if (ev->kind == RENEWER_CONTACT)
        world_check_contact(a);
    struct renewer_todo todo = renewer_step(&a->renewer, ev, world_machine_now(a));
    say_state(a, before);
    if (todo.job != RENEWER_JOB_NONE) {
        world_log_show(a->world, a, "job: %s", renewer_job_name(todo.job));
        world_lane_begin(&a->lane, todo.job);
    }
    world_at(a->world, &a->renewer_timer, world_machine_when(a, todo.wake));
    world_check_decision(a, before, todo);
    world_agent_look(a);
}

void world_agent_step(struct world_agent *a, const struct renewer_event *ev)
{
    bool may_come_twice = ev->kind != RENEWER_START && ev->kind != RENEWER_JOB_DONE;
    if (a->is_stopping || !world_agent_runs(a))
        return;
    step_once(a, ev);
    if (a->world->config->twice && may_come_twice && world_agent_runs(a))
        step_once(a, ev);
    world_check_agent(a);
}

void world_agent_lane_ended(struct world_agent *a)
{
    struct renewer_event outcome = a->lane.outcome;
    say_job(a);
    world_check_job(a, &outcome);
    if (a->is_stopping) {
        world_agent_end(a, WORLD_STOPPED);
        return;
    }
    if (outcome.job != RENEWER_JOB_PERSIST)
        world_connection_hear(a, outcome.code);
    world_agent_step(a, &outcome);
}

static void on_renewer_timer(void *arg)
{
    struct world_agent *a = arg;
    if (world_machine_is_awake(a))
        world_agent_step(a, &(struct renewer_event){.kind = RENEWER_TIMER});
    else
        world_at(a->world, &a->renewer_timer, a->asleep_to);
}

/* Everything looks at its clocks again. */
void world_agent_look_at_clocks(struct world_agent *a)
{
    world_agent_step(a, &(struct renewer_event){.kind = RENEWER_TIMER});
    world_connection_step(a, CONTACT_TIMER, ERR_OK);
    for (size_t i = 0; i < a->world->config->n_outputs && world_agent_runs(a); i++)
        world_output_look(&a->outputs[i]);
}

void world_agent_renew_now(struct world_agent *a)
{
    if (!world_machine_is_awake(a))
        return;
    world_check_asked(a);
    if (a->supervisor.watching)
        world_connection_step(a, CONTACT_LOOK, ERR_OK);
    world_agent_step(a, &(struct renewer_event){.kind = RENEWER_NOW});
    for (size_t i = 0; i < a->world->config->n_outputs && world_agent_runs(a); i++)
        world_output_renew_now(&a->outputs[i]);
}

/* --- the process --- */

static void make_renewer(struct world_agent *a)
{
    const struct world_config *config = a->world->config;
    int64_t limit_s = config->startup_limit_s ? config->startup_limit_s : STARTUP_LIMIT_S;
    struct renewer_config c = {
        .interval = world_interval(a->world),
        .attempts = WORLD_ATTEMPTS,
        .can_join = a->token != 0,
        .rejoins = config->rejoins,
        .retry_open = config->retry_open,
        .startup = config->startup,
        .startup_limit = dur_s(limit_s),
        .give_up_after = dur_s(config->give_up_s),
        .one_pass = config->one_pass,
        .one_pass_limit = dur_s(config->one_pass_limit_s),
        .entropy = &a->dice.entropy,
    };
    renewer_init(&a->renewer, &c);
}

void world_agent_start(struct world_agent *a)
{
    struct world *w = a->world;
    const struct world_disk *d = &a->disk;
    bool has_identity = d->identity.serial != 0;
    bool is_changed = a->token && d->identity.token != a->token;
    a->exit = WORLD_RUNS;
    a->process = world_id(w);
    a->is_stopping = a->starts_again = false;
    a->held = d->identity;
    a->told = 0;
    make_renewer(a);
    world_connection_start(a);
    for (size_t i = 0; i < w->config->n_outputs; i++)
        world_output_init_cycle(&a->outputs[i]);
    supervisor_init(&a->supervisor, w->config->one_pass);
    a->renewer_timer = (struct loop_timer){.fn = on_renewer_timer, .arg = a};
    world_check_start(a);
    world_agent_step(a, &(struct renewer_event){
                            .kind = RENEWER_START,
                            .has_identity = has_identity,
                            .identity = d->identity.facts,
                            .open = d->is_open,
                            .token_changed = has_identity && is_changed,
                            .proven = world_disk_is_proven(d, a->token) || !is_changed,
                        });
}

void world_agent_kill(struct world_agent *a)
{
    struct world *w = a->world;
    world_at(w, &a->renewer_timer, MONO_NEVER);
    world_at(w, &a->stops, MONO_NEVER);
    world_lane_drop(&a->lane);
    world_connection_drop(a);
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        world_output_drop(&a->outputs[i]);
    a->exit = WORLD_ABSENT;
}

static void on_stop_limit(void *arg)
{
    world_agent_end(arg, WORLD_STOPPED);
}

void world_agent_stop(struct world_agent *a)
{
    if (!world_agent_runs(a) || a->is_stopping)
        return;
    a->is_stopping = true;
    a->stops = (struct loop_timer){.fn = on_stop_limit, .arg = a};
    if (world_lane_is_worth_waiting_for(&a->lane))
        world_after(a->world, &a->stops, dur_s(STOP_LIMIT_S));
    else
        world_agent_end(a, WORLD_STOPPED);
}
