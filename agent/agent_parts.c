/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_parts.h"

#include "agent/output_cache.h"

#include <errno.h>
#include <unistd.h>

/* Two cores make two RSA keys at a time; more threads would wait for the same processor. */
#define WORKERS 3

/* Making a key cannot be cancelled, and takes long on a slow or watched machine. */
#define HANG_S 5

static struct err *find_ourselves(struct agent *a)
{
    a->bin = realpath("/proc/self/exe", NULL);
    return a->bin ? NULL : err_sys(ERR_STORAGE, errno, "finding our own path");
}

static struct err *open_store(struct agent *a)
{
    const struct config_destination *d = &a->setup.config->storage;
    if (d->type == CONFIG_DESTINATION_MEMORY)
        return store_open_memory(&a->store);
    struct store_config config = {.path = d->path, .symlinks = d->symlinks, .create = true};
    return store_open(&config, &a->store);
}

static struct err *check(void *arg, const struct ctx *ctx)
{
    return cluster_check(arg, ctx);
}

static struct err *make_connection(struct agent *a)
{
    struct health_service *health = NULL;
    TRY(diagnostics_add(a->diagnostics, "connection", HEALTH_PERIODIC, &health));
    struct cluster_known known;
    cluster_describe(a->cluster, &known);
    struct connection_service_config config = {
        .loop = a->loop,
        .lane = a->prober,
        .clock = a->setup.clock,
        .entropy = a->setup.entropy,
        .log = a->setup.log,
        .stop = a->stop,
        .check = check,
        .check_arg = a->cluster,
        .cluster = cluster_text(a->cluster),
        .give_up_after = a->setup.config->give_up_after,
        .health = health,
        .metrics = diagnostics_metrics(a->diagnostics),
        .path = known.kind,
        .changed = a->changed,
        .in_touch = a->in_touch,
        .gave_up = a->gave_up,
        .arg = a,
    };
    return connection_service_new(&config, &a->connection);
}

/* The live connection has died; on one of its threads. */
static void on_lost(void *arg)
{
    const struct agent *a = arg;
    connection_service_lost(a->connection);
}

static struct err *make_cluster(struct agent *a)
{
    struct cluster_config config = {
        .config = a->setup.config,
        .clock = a->setup.clock,
        .storage = &a->setup.config->storage,
        .keys = a->keys,
        .log = a->setup.log,
        .metrics = diagnostics_metrics(a->diagnostics),
        .lost = on_lost,
        .lost_arg = a,
    };
    return cluster_new(&config, &a->cluster);
}

static struct err *make_identity(struct agent *a)
{
    struct health_service *health = NULL;
    TRY(diagnostics_add(a->diagnostics, "identity", HEALTH_SERVICE, &health));
    struct identity_service_config config = {
        .config = a->setup.config,
        .loop = a->loop,
        .lane = a->lane,
        .clock = a->setup.clock,
        .entropy = a->setup.entropy,
        .log = a->setup.log,
        .store = a->store,
        .cluster = a->cluster,
        .keys = a->keys,
        .health = health,
        .metrics = diagnostics_metrics(a->diagnostics),
        .keys_ahead = agent_keys_ahead(a->setup.config),
        .stop = a->stop,
        .force = a->force,
        .heard = a->heard,
        .changed = a->changed,
        .arg = a,
    };
    return identity_service_new(&config, &a->identity);
}

static struct err *attach_hooks(struct agent *a)
{
    const struct hooks_use use = {.loop = a->loop,
                                  .entropy = a->setup.entropy,
                                  .metrics = diagnostics_metrics(a->diagnostics),
                                  .changed = a->changed,
                                  .arg = a};
    return hooks_attach(a->setup.hooks, &use);
}

static struct mono one_pass_ends(const struct agent *a)
{
    struct dur limit = a->setup.config->oneshot_timeout;
    return limit.ns ? mono_add(loop_now(a->loop).mono, limit) : (struct mono){0};
}

RESULT agent_make_output(struct agent *a, const struct agent_output *output,
                         struct output_service **ret)
{
    const struct config *config = output->config;
    struct output_service_config c = {
        .job = {.service = output->service,
                .ttl = config_service_ttl(config, output->service),
                .cluster = a->cluster,
                .bin = a->bin},
        .own = output->own,
        .interval = config_service_interval(config, output->service),
        .one_pass = config->oneshot,
        .loop = a->loop,
        .workers = a->workers,
        .clock = a->setup.clock,
        .entropy = a->setup.entropy,
        .log = a->setup.log,
        .stop = a->stop,
        .health = output->health,
        .metrics = diagnostics_metrics(a->diagnostics),
        .one_pass_ends = one_pass_ends(a),
        .hooks = a->setup.hooks,
        .heard = a->heard,
        .changed = a->changed,
        .arg = a,
    };
    return output_service_new(&c, ret);
}

static struct err *make_output(struct agent *a, const struct config_service *service)
{
    struct health_service *health = NULL;
    TRY(diagnostics_add(a->diagnostics, service->name, HEALTH_SERVICE, &health));
    const struct agent_output output = {a->config, service, NULL, health};
    TRY(agent_make_output(a, &output, &a->outputs[a->n_outputs]));
    a->n_outputs++;
    return NULL;
}

/* The storage is locked by now: nobody else uses the copies in it. */
static void sweep_cache(const struct agent *a)
{
    CLEANUP(strlist_release) struct strlist notes = {0};
    struct wall now = clock_wall(a->setup.clock);
    CLEANUP(err_freep) struct err *e = output_cache_sweep(a->setup.config, now, &notes);
    for (size_t i = 0; i < notes.len; i++)
        log_info(a->setup.log, "agent", notes.items[i]);
    if (e)
        log_err(a->setup.log, LOG_WARN, "agent", "copies of outputs cannot be tidied up", e);
}

static struct err *make_outputs(struct agent *a)
{
    const struct config *config = a->setup.config;
    sweep_cache(a);
    a->outputs = calloc(config->n_services + 1, sizeof(struct output_service *));
    if (!a->outputs)
        return err_nomem();
    for (size_t i = 0; i < config->n_services; i++)
        TRY(make_output(a, &config->services[i]));
    return NULL;
}

RESULT agent_parts_make(struct agent *a)
{
    TRY(find_ourselves(a));
    TRY(loop_new(a->setup.clock, &a->loop));
    agent_reload_init(a);
    TRY(cancel_new(&a->stop));
    TRY(cancel_new(&a->force));
    TRY(agent_keys_make(a));
    TRY(open_store(a));
    TRY(agent_watch_begin(a));
    TRY(make_cluster(a));
    TRY(pool_new(a->loop, 1, &a->lane));
    TRY(pool_new(a->loop, 1, &a->prober));
    TRY(pool_new(a->loop, WORKERS, &a->workers));
    TRY(make_identity(a));
    TRY(make_connection(a));
    TRY(attach_hooks(a));
    TRY(make_outputs(a));
    return agent_watch_make(a);
}

static unsigned stop_pool(struct pool *p)
{
    return p ? pool_stop(p, NULL, dur_s(HANG_S)) : 0;
}

/*
 * Whatever still runs is cancelled, and then ends soon. What hangs in the kernel does not: a disk that
 * is not there. Nothing it uses could be released, so the process ends here.
 */
static void stop_workers(struct agent *a)
{
    if (a->stop)
        cancel_fire(a->stop);
    if (a->force)
        cancel_fire(a->force);
    unsigned missing = stop_pool(a->lane) + stop_pool(a->prober) + stop_pool(a->workers) +
                       stop_pool(a->reload.lane) + pushes_end(a->pushes, dur_s(HANG_S));
    if (missing == 0)
        return;
    log_warn(a->setup.log, "agent", "ended beside work that hangs in the system",
             LOG_INT("jobs", missing));
    _exit(1);
}

void agent_parts_release(struct agent *a)
{
    stop_workers(a);
    hooks_end(a->setup.hooks);
    if (a->diagnostics)
        diagnostics_close(a->diagnostics); /* it tells of all that follows */
    notify_service_free(a->notify);
    pushes_free(a->pushes);
    pool_free(a->lane);
    pool_free(a->prober);
    pool_free(a->workers);
    for (size_t i = 0; i < a->n_outputs; i++)
        output_service_free(a->outputs[i]);
    free(a->outputs);
    agent_reload_release(a);
    status_free(a->status);
    identity_service_free(a->identity);
    cluster_free(a->cluster);
    connection_service_free(a->connection); /* the cluster's threads spoke to it */
    diagnostics_free(a->diagnostics);
    store_close(a->store);
    keypool_free(a->keys);
    cancel_free(a->force);
    cancel_free(a->stop);
    loop_free(a->loop);
    free(a->bin);
    config_free(a->reload.config);
    err_free(a->failure);
}
