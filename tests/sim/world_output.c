/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

/* Those of agent/output_service.c. */
#define ATTEMPTS 5
#define LIMIT_S 60

static void on_answer(void *arg);
static void on_timer(void *arg);
static void on_written(void *arg);

void world_output_init(struct world_output *o, struct world_agent *a, size_t number)
{
    *o = (struct world_output){.agent = a, .number = number};
    o->call = (struct world_call){.agent = a, .kind = CALL_ISSUE, .done = on_answer, .arg = o};
    o->timer = (struct loop_timer){.fn = on_timer, .arg = o};
    o->writes = (struct loop_timer){.fn = on_written, .arg = o};
}

void world_output_drop(struct world_output *o)
{
    world_call_abandon(&o->call);
    world_at(o->agent->world, &o->timer, MONO_NEVER);
    world_at(o->agent->world, &o->writes, MONO_NEVER);
    o->is_started = false;
}

static void begin(struct world_output *o)
{
    struct world_agent *a = o->agent;
    cycle_started(&o->cycle, world_machine_now(a).mono);
    world_check_begins(a, &a->watch.output_pauses[o->number]);
    o->call.shown = a->held;
    o->call.key = world_id(a->world);
    o->call.deadline = mono_add(a->world->t, dur_s(LIMIT_S));
    world_call_begin(&o->call);
}

static void say(struct world_output *o, const struct err *e)
{
    struct log *log = world_log_of(o->agent);
    if (!log)
        return;
    if (e)
        log_err(log, LOG_WARN, "output", "output not renewed", e, LOG_INT("output", o->number));
    else
        log_info(log, "output", "output renewed", LOG_INT("output", o->number));
    world_log_check(o->agent);
}

static void say_stale(struct world_output *o)
{
    log_warn(world_log_of(o->agent), "output", "output not renewed: the cluster is away",
             LOG_INT("output", o->number));
    world_log_check(o->agent);
}

void world_output_look(struct world_output *o)
{
    struct world_agent *a = o->agent;
    struct now now = world_machine_now(a);
    if (!o->is_started || a->is_stopping || o->cycle.running)
        return;
    if (cycle_due(&o->cycle, now.mono, now.wall)) {
        begin(o);
        return;
    }
    if (cycle_lapse(&o->cycle, now.mono, now.wall))
        say_stale(o);
    struct mono wake = cycle_wake(&o->cycle, now.mono, now.wall);
    world_at(a->world, &o->timer, world_machine_when(a, wake));
}

static void on_timer(void *arg)
{
    struct world_output *o = arg;
    struct world_agent *a = o->agent;
    if (!world_machine_is_awake(a)) {
        world_at(a->world, &o->timer, a->asleep_to);
        return;
    }
    world_output_look(o);
    world_check_agent(a);
}

static struct err *publish(struct world_output *o)
{
    const struct world_identity *i = &o->call.issued;
    struct world_files files = {i->facts.validity, i->issued_at, o->call.key, i->cert_key};
    return world_disk_publish(&o->agent->disk, o->number, &files);
}

static void end(struct world_output *o)
{
    struct world_agent *a = o->agent;
    struct now now = world_machine_now(a);
    enum err_code code = err_code(o->call.err);
    cycle_done(&o->cycle, code, o->call.issued.facts.validity, now.mono, now.wall);
    say(o, o->call.err);
    world_call_release(&o->call);
    world_check_ended(a, &a->watch.output_pauses[o->number], code);
    world_connection_hear(a, code);
    world_output_look(o);
    world_agent_look(a);
    world_check_agent(a);
}

static void on_written(void *arg)
{
    struct world_output *o = arg;
    struct world_agent *a = o->agent;
    if (!world_machine_is_awake(a)) {
        world_at(a->world, &o->writes, a->asleep_to);
        return;
    }
    o->call.err = publish(o);
    end(o);
}

static void on_answer(void *arg)
{
    struct world_output *o = arg;
    struct world_agent *a = o->agent;
    world_connection_note(a, &o->call);
    if (o->call.err)
        end(o);
    else
        world_after(a->world, &o->writes, world_machine_write_time(a));
}

void world_output_init_cycle(struct world_output *o)
{
    struct world_agent *a = o->agent;
    const struct world_config *config = a->world->config;
    struct mono now = world_machine_now(a).mono;
    struct cycle_config c = {.interval = world_interval(a->world),
                             .attempts = config->one_pass ? 1 : ATTEMPTS,
                             .entropy = &a->dice.entropy};
    if (config->one_pass)
        c.at_least_until = mono_add(now, dur_s(config->one_pass_limit_s));
    cycle_init(&o->cycle, &c, now);
}

void world_output_start(struct world_output *o)
{
    o->is_started = true;
    world_output_look(o);
}

void world_output_renew_now(struct world_output *o)
{
    if (o->is_started)
        cycle_now(&o->cycle, world_machine_now(o->agent).mono);
    world_output_look(o);
}

void world_output_renew_stale(struct world_output *o)
{
    struct now now = world_machine_now(o->agent);
    if (o->is_started)
        cycle_soon(&o->cycle, now.mono, now.wall);
    world_output_look(o);
}

void world_output_hold(struct world_output *o, bool hold)
{
    struct now now = world_machine_now(o->agent);
    if (hold)
        cycle_hold(&o->cycle);
    else
        cycle_release(&o->cycle, now.mono, now.wall);
    world_output_look(o);
}
