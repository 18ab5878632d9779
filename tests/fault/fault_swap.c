/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change from one configuration to the next in a whole agent: without memory for it nothing has changed,
 * what runs is what ran, and the same change succeeds when there is memory again.
 */
#include "agent/agent_parts.h"
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "version: v2\n"                                                                                \
    "auth_server: 127.0.0.1:1\n"                                                                   \
    "onboarding: {join_method: token, token: t}\n"                                                 \
    "storage: {type: memory}\n"                                                                    \
    "services:\n"
#define SERVICE(name, more)                                                                        \
    "  - {type: identity, name: " name ", destination: {type: memory}" more "}\n"

static const char before[] =
    HEAD SERVICE("goes", "") SERVICE("stays", "") SERVICE("changes", "") SERVICE("too", "");
static const char after[] = HEAD SERVICE("comes", "") SERVICE("changes", ", roles: [a]")
    SERVICE("stays", "") SERVICE("comes-too", "") SERVICE("too", ", ssh_config: off");

/* The bot's identity and the connection have an account as well. */
#define N_OTHERS 2

struct world {
    struct config *config;
    struct log *log;
    struct agent agent;
    struct output_service *outputs[4];
};

static struct world world;

static const struct notify_socket nobody = {.fd = -1};

static void ignore(void *arg)
{
    (void)arg;
}

static void ignore_end(void *arg, enum err_code code)
{
    (void)arg, (void)code;
}

static void ignore_view(void *arg, struct notify_view *ret)
{
    (void)arg, (void)ret;
}

static struct config *parse(const char *text)
{
    struct config *config = NULL;
    assert_ok(config_parse("tbot.yaml", bytes_of_str(text), &config));
    assert_ok(config_validate(config));
    return config;
}

static void set_up(struct walk *w)
{
    (void)w;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    world = (struct world){.config = parse(before),
                           .log = log_new(fd, LOG_TEXT, LOG_INFO, clock_system())};
    struct agent *a = &world.agent;
    *a = (struct agent){.setup = {.config = world.config,
                                  .clock = clock_system(),
                                  .entropy = entropy_system(),
                                  .log = world.log,
                                  .manager = &nobody},
                        .changed = ignore,
                        .heard = ignore_end,
                        .in_touch = ignore,
                        .gave_up = ignore,
                        .see = ignore_view};
    assert_ok(agent_parts_make(a));
    for (size_t i = 0; i < a->n_outputs; i++)
        world.outputs[i] = a->outputs[i];
    close(fd);
}

static struct reload_verdict judge(void)
{
    struct reload_verdict v = {.next = parse(after)};
    assert_ok(config_diff_make(world.agent.config, v.next, &v.diff));
    return v;
}

static size_t n_accounts(const struct agent *a)
{
    return health_count(diagnostics_health(a->diagnostics));
}

static void check_nothing_changed(struct walk *w)
{
    const struct agent *a = &world.agent;
    walk_check(w, a->config == world.config && a->n_outputs == 4 && a->reload.n_retired == 0,
               "changed by half: %zu outputs, %zu retired", a->n_outputs, a->reload.n_retired);
    walk_check(w, n_accounts(a) == N_OTHERS + 4, "%zu accounts of 4 services", n_accounts(a));
    for (size_t i = 0; i < 4; i++)
        walk_check(w,
                   a->outputs[i] == world.outputs[i] &&
                       output_service_health(a->outputs[i]) ==
                           health_find(diagnostics_health(a->diagnostics),
                                       output_service_name(a->outputs[i])),
                   "output %zu is another", i);
}

static void check_all_changed(struct walk *w)
{
    static const char *const names[] = {"comes", "changes", "stays", "comes-too", "too"};
    const struct agent *a = &world.agent;
    walk_check(w, a->config != world.config && a->n_outputs == 5 && a->reload.n_retired == 3,
               "changed by half: %zu outputs, %zu retired", a->n_outputs, a->reload.n_retired);
    walk_check(w, n_accounts(a) == N_OTHERS + 5, "%zu accounts of 5 services", n_accounts(a));
    for (size_t i = 0; i < 5; i++)
        walk_check(w, strcmp(output_service_name(a->outputs[i]), names[i]) == 0,
                   "output %zu is '%s'", i, output_service_name(a->outputs[i]));
    walk_check(w, a->outputs[2] == world.outputs[1], "a kept service is another one");
}

/* It goes on: what is told of the services is told, and the same change is made. */
static void try_again(struct walk *w)
{
    struct reload_verdict v = judge();
    check_nothing_changed(w);
    walk_check_ok(w, agent_swap(&world.agent, &v), "the same, with memory");
    reload_verdict_release(&v);
}

static void look(void)
{
    struct diag_report r = {0};
    struct diag_reporter reporter = status_reporter(world.agent.status);
    reporter.report(reporter.arg, &r);
}

static RESULT act(struct walk *w)
{
    faults_pause();
    struct reload_verdict v = judge();
    faults_resume();
    struct err *e = agent_swap(&world.agent, &v);
    faults_pause();
    reload_verdict_release(&v);
    look();
    if (e)
        try_again(w);
    check_all_changed(w);
    look();
    agent_parts_release(&world.agent);
    config_free(world.config);
    log_free(world.log);
    faults_resume();
    return e;
}

static const struct scenario scenarios[] = {
    {"change of configuration", KINDS_MEMORY, set_up, act},
};

int main(int argc, char **argv)
{
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
