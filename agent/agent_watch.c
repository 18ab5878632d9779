/* SPDX-License-Identifier: Apache-2.0 */
/* What tells others of the agent: diagnostics, metrics that are sent, the service manager. */
#include "agent/agent_parts.h"

RESULT agent_watch_begin(struct agent *a)
{
    struct diagnostics_config config = {.config = a->setup.config,
                                        .loop = a->loop,
                                        .clock = a->setup.clock,
                                        .log = a->setup.log,
                                        .version = a->setup.version,
                                        .revision = a->setup.revision};
    return diagnostics_new(&config, &a->diagnostics);
}

static struct err *make_pushes(struct agent *a)
{
    struct pushes_config config = {.config = a->setup.config,
                                   .loop = a->loop,
                                   .clock = a->setup.clock,
                                   .entropy = a->setup.entropy,
                                   .log = a->setup.log,
                                   .stop = a->stop,
                                   .metrics = diagnostics_metrics(a->diagnostics),
                                   .changed = a->changed,
                                   .arg = a};
    return pushes_new(&config, &a->pushes);
}

/* How long what is not sure to succeed may take. */
static struct dur start_limit(const struct config *config)
{
    return config->oneshot ? config->oneshot_timeout : config->startup_timeout;
}

static struct err *make_notify(struct agent *a)
{
    struct notify_service_config config = {.loop = a->loop,
                                           .log = a->setup.log,
                                           .manager = a->setup.manager,
                                           .one_pass = a->setup.config->oneshot,
                                           .limit = start_limit(a->setup.config),
                                           .view = a->see,
                                           .arg = a};
    return notify_service_new(&config, &a->notify);
}

static void found_out(void *arg)
{
    const struct agent *a = arg;
    diagnostics_changed(a->diagnostics);
}

static struct err *make_status(struct agent *a)
{
    struct status_config config = {.parts = {a->config, a->outputs, a->n_outputs},
                                   .reload = &a->reload.state,
                                   .outcome = &a->reload.last,
                                   .sandbox = a->setup.sandbox,
                                   .version = a->setup.version,
                                   .revision = a->setup.revision,
                                   .loop = a->loop,
                                   .clock = a->setup.clock,
                                   .log = a->setup.log,
                                   .workers = a->workers,
                                   .cluster = a->cluster,
                                   .connection = a->connection,
                                   .identity = a->identity,
                                   .hooks = a->setup.hooks,
                                   .changed = found_out,
                                   .arg = a};
    TRY(status_new(&config, &a->status));
    diagnostics_introduce(a->diagnostics, status_reporter(a->status), &a->control);
    return NULL;
}

RESULT agent_watch_make(struct agent *a)
{
    TRY(make_status(a));
    TRY(make_pushes(a));
    return make_notify(a);
}
