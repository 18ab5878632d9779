/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"
#include "agent/hooks.h"
#include "agent/sandbox.h"
#include "base/loop.h"
#include "cmd/command.h"
#include "cmd/harden.h"
#include "cmd/start_config.h"
#include "diag/profile/heap_profile.h"
#include "transport/transport.h"

#include <sysexits.h>
#include <unistd.h>

#ifndef TBOT_REVISION
#define TBOT_REVISION NULL /* built from an archive, and nobody named it */
#endif

/* gRPC says something only when something is odd; it has no level we could trust. */
static struct log *grpc_log;

static void log_grpc(const char *text)
{
    log_debug(grpc_log, "grpc", text);
}

/* Nobody is ended because somebody else cannot be told. */
static void find_manager(struct notify_socket *ret, struct log *log)
{
    struct err *e = notify_socket_take(ret);
    if (e)
        log_err(log, LOG_WARN, "agent", "the service manager is told nothing", e);
    err_free(e);
}

/* Before anything that lives long is allocated. Nothing else of the agent depends on it. */
static void begin_heap_profile(struct log *log)
{
    struct err *e = heap_profile_start(HEAP_PROFILE_RATE);
    if (e)
        log_err(log, LOG_INFO, "diag", "/debug/pprof/heap will have nothing to say", e);
    err_free(e);
}

/* A manager's socket of the abstract namespace is somebody else's. */
static bool is_abstract(const struct notify_socket *s)
{
    return s->fd >= 0 && s->to.sun_path[0] == '\0';
}

static struct err *close_sandbox(const struct start_config *start,
                                 const struct notify_socket *manager, struct log *log,
                                 struct sandbox **ret)
{
    const struct sandbox_config config = {.config = start->config,
                                          .log = log,
                                          .more = &start->options.sandbox_dirs,
                                          .is_unwanted = start->no_sandbox,
                                          .reaches_by_name = is_abstract(manager)};
    return sandbox_enter(&config, ret);
}

static struct err *run(struct start_config *start, const struct notify_socket *manager,
                       struct hooks *hooks, struct log *log)
{
    CLEANUP(sandbox_freep) struct sandbox *sandbox = NULL;
    TRY(close_sandbox(start, manager, log, &sandbox));
    const struct agent_setup setup = {.config = start->config,
                                      .reload = {.arg = start, .read = start_config_again},
                                      .sandbox = sandbox,
                                      .clock = clock_system(),
                                      .entropy = entropy_system(),
                                      .log = log,
                                      .manager = manager,
                                      .hooks = hooks,
                                      .version = TBOT_VERSION,
                                      .revision = TBOT_REVISION};
    grpc_log = log;
    TRY(transport_init(log_grpc));
    struct err *e = agent_run(&setup);
    transport_shutdown();
    grpc_log = NULL;
    return e;
}

/*
 * What the manager that would start us again needs to know. The configuration has a code of its own, as it
 * does not heal by trying: see `tbot help install systemd`.
 */
static int exit_code(const struct err *e)
{
    switch (err_code(e)) {
    case ERR_OK:
        return 0;
    case ERR_USAGE:
        return 2;
    case ERR_CONFIG:
        return EX_CONFIG;
    default:
        return 1;
    }
}

static void forget_configuration(void *arg)
{
    start_config_release(arg);
}

/* Before there are threads, and before anything is opened that the helper should not have. */
static struct err *start_hooks(struct start_config *start, struct log *log, struct hooks **ret)
{
    const struct hooks_setup setup = {.config = start->config,
                                      .clock = clock_system(),
                                      .log = log,
                                      .forget = forget_configuration,
                                      .arg = start};
    return hooks_start(&setup, ret);
}

static int start(struct start_config *start)
{
    CLEANUP(notify_socket_release) struct notify_socket manager = NOTIFY_SOCKET_NONE;
    CLEANUP(log_freep)
    struct log *log = log_new(STDERR_FILENO, start->is_json ? LOG_JSON : LOG_TEXT,
                              start->is_debug ? LOG_DEBUG : LOG_INFO, clock_system());
    if (!log)
        return command_fail(err_nomem());
    for (size_t i = 0; i < start->config->warnings.len; i++)
        log_warn(log, "config", start->config->warnings.items[i]);
    log_info(log, "agent", "starting", LOG_STR("version", TBOT_VERSION),
             LOG_STR("config", start->config->file),
             LOG_INT("outputs", (int64_t)start->config->n_services),
             LOG_STR("mode", start->config->oneshot ? "one pass" : "daemon"));
    CLEANUP(hooks_freep) struct hooks *hooks = NULL;
    struct err *e = start_hooks(start, log, &hooks);
    find_manager(&manager, log);
    if (start->config->debug)
        begin_heap_profile(log);
    e = e ? e : run(start, &manager, hooks, log);
    if (!e)
        return 0;
    log_err(log, LOG_ERROR, "agent", "ended", e);
    int code = exit_code(e);
    err_free(e);
    return code;
}

/* Nothing but the configuration was read up to here: a file that is missing is a mistake in it. */
static int refuse(struct err *e)
{
    bool is_file = err_code(e) == ERR_STORAGE || err_code(e) == ERR_NOT_FOUND;
    int code = is_file ? EX_CONFIG : exit_code(e);
    (void)command_fail(e); /* which knows less of codes */
    return code;
}

int cmd_start(struct globals *globals, int argc, char **argv)
{
    CLEANUP(start_config_release) struct start_config values = {0};
    harden_process();
    loop_block_signals();
    struct err *e = start_config_load(&values, globals, argc, argv);
    if (e)
        return refuse(e);
    return values.config ? start(&values) : 0;
}
