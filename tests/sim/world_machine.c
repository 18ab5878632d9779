/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

/* A boot clock that shows 0 would look like one nobody set. */
#define UPTIME_S 1000

/* A paused machine's calendar is wrong until somebody tells it the time. */
#define TIME_SERVER_S 60

/* Whoever starts a process again does it at once, or takes his time. */
#define RESTART_SOON_MS 1000
#define RESTART_LATE_S 30

struct now world_machine_now(const struct world_agent *a)
{
    struct mono up = mono_add(a->world->t, dur_s(UPTIME_S));
    return (struct now){mono_add(up, (struct dur){-a->lost.ns}),
                        wall_add(world_calendar(a->world), a->ahead)};
}

struct mono world_machine_when(const struct world_agent *a, struct mono at)
{
    if (at.ns == MONO_NEVER.ns)
        return MONO_NEVER;
    return mono_add(mono_add(at, dur_s(-UPTIME_S)), a->lost);
}

bool world_machine_is_awake(const struct world_agent *a)
{
    return world_agent_runs(a) && !mono_before(a->world->t, a->asleep_to);
}

struct dur world_machine_write_time(const struct world_agent *a)
{
    int64_t slow_s = a->world->config->write_s;
    return world_between(a->world, dur_ms(1), slow_s ? dur_s(slow_s) : dur_ms(20));
}

void world_machine_set_calendar(struct world_agent *a, struct dur ahead)
{
    a->ahead = ahead;
    if (world_machine_is_awake(a))
        world_agent_look_at_clocks(a);
}

static void on_time_server(void *arg)
{
    struct world_agent *a = arg;
    world_machine_set_calendar(a, (struct dur){0});
}

/* What was connected is not any more, and both clocks may have gone on. */
static void on_wake(void *arg)
{
    struct world_agent *a = arg;
    struct world *w = a->world;
    world_log_show(w, a, "wakes");
    if (a->ahead.ns != 0 && a->wakes_wrong) {
        a->wakes_wrong = false;
        a->wakes.fn = on_time_server;
        world_after(w, &a->wakes, world_between(w, dur_s(1), dur_s(TIME_SERVER_S)));
    }
    if (!world_agent_runs(a))
        return;
    world_net_break(a);
    world_agent_look_at_clocks(a);
    world_check_agent(a);
}

void world_machine_sleep(struct world_agent *a, struct dur length, bool clocks_stop)
{
    struct world *w = a->world;
    world_log_show(w, a, "sleeps");
    a->asleep_to = mono_add(w->t, length);
    a->wakes_wrong = clocks_stop;
    if (clocks_stop) {
        world_check_clock_changed(a);
        a->lost.ns += length.ns;
        a->ahead.ns -= length.ns;
    }
    a->wakes.fn = on_wake;
    world_at(w, &a->wakes, a->asleep_to);
    world_check_agent(a);
}

static void on_start(void *arg)
{
    struct world_agent *a = arg;
    if (mono_before(a->world->t, a->asleep_to)) {
        world_at(a->world, &a->starts, a->asleep_to);
        return;
    }
    world_log_show(a->world, a, "starts");
    world_agent_start(a);
    world_check_agent(a);
}

void world_machine_start_soon(struct world_agent *a)
{
    struct world *w = a->world;
    struct dur most = world_chance(w, 50) ? dur_ms(RESTART_SOON_MS) : dur_s(RESTART_LATE_S);
    world_after(w, &a->starts, world_between(w, dur_ms(100), most));
}

void world_machine_restart(struct world_agent *a, bool gently)
{
    struct world *w = a->world;
    world_log_show(w, a, gently ? "SIGTERM" : "kill -9");
    a->starts_again = true;
    if (gently && world_agent_runs(a)) {
        world_agent_stop(a);
        return;
    }
    world_agent_kill(a);
    world_machine_start_soon(a);
}

void world_machine_switch_off(struct world_agent *a, struct dur length)
{
    world_agent_kill(a);
    a->starts_again = true;
    world_after(a->world, &a->starts, length);
}

/* Joined some time ago, as a bot that has been renewed a few times. */
static void make_known(struct world_agent *a)
{
    struct world *w = a->world;
    struct world_bot *bot = &w->cluster.bots[a->bot];
    struct dur age = world_between(w, dur_s(0), (struct dur){world_interval(w).ns * 3 / 4});
    struct wall issued = wall_add(world_cluster_now(w), (struct dur){-age.ns});
    uint64_t key = world_id(w);
    struct world_identity i = {
        .facts = {.validity = {wall_add(issued, dur_s(-60)), wall_add(issued, world_ttl(w))},
                  .generation = 1 + (int64_t)world_below(w, 5),
                  .per_instance = w->cluster.per_instance},
        .serial = world_id(w),
        .issued_at = mono_add(w->t, (struct dur){-age.ns}),
        .key = key,
        .cert_key = key,
        .instance = w->cluster.per_instance ? world_id(w) : 0,
        .token = a->token,
        .trusts = 1,
    };
    if (w->config->rejoins) {
        i.facts.generation = 0;
        err_ignore(world_disk_commit(&a->disk, &i), "the disk of a new world has room");
        return;
    }
    bot->instances[0] = (struct world_instance){.id = i.instance, .generation = i.facts.generation};
    bot->n_instances = 1;
    bot->token_is_used = true;
    err_ignore(world_disk_commit(&a->disk, &i), "the disk of a new world has room");
}

void world_machine_init(struct world_agent *a, struct world *w, size_t number)
{
    const struct world_config *config = w->config;
    bool is_copy = number > 0 && number + 1 == w->n_agents && world_script_has(w, COPY);
    *a = (struct world_agent){.world = w, .number = number, .bot = is_copy ? 0 : number};
    fake_entropy_init(&a->dice, w->seed * UINT64_C(0x9e3779b97f4a7c15) + number);
    a->exit = WORLD_ABSENT;
    a->ahead = dur_s(config->ahead_s);
    a->pins = config->has_pins ? 1 : 0;
    a->check = (struct world_call){.agent = a, .kind = CALL_PING, .arg = a};
    a->starts = (struct loop_timer){.fn = on_start, .arg = a};
    a->wakes = (struct loop_timer){.arg = a};
    world_lane_init(&a->lane, a);
    for (size_t i = 0; i < WORLD_OUTPUTS_MAX; i++)
        world_output_init(&a->outputs[i], a, i);
    world_check_init(a);
    if (is_copy)
        return;
    w->cluster.bots[a->bot].token = world_id(w);
    a->token = config->no_token ? 0 : w->cluster.bots[a->bot].token;
    if (config->is_known)
        make_known(a);
    world_after(w, &a->starts, w->n_agents > 2 ? world_between(w, dur_s(0), dur_s(1)) : dur_s(0));
}

void world_machine_release(struct world_agent *a)
{
    world_agent_kill(a);
    err_free(a->lane.err);
}
