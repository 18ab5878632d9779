/* SPDX-License-Identifier: Apache-2.0 */
/* What is learnt about reaching the cluster, and whether these settings ever did. */
#include "agent/cluster_private.h"

#include "transport/path_settings.h"

#include <string.h>

#define COMPONENT "cluster"

static struct err *hash_settings(const struct cluster *c, char ret[SHA256_HEX_SIZE])
{
    const struct config *config = c->c.config;
    const struct path_settings settings = {
        .address = &c->address,
        .kind = c->kind,
        .ca_pins = &config->onboarding.ca_pins,
        .ca_path = config->onboarding.ca_path,
        .insecure = config->insecure,
        .get = getenv,
    };
    return path_settings_hash(&settings, ret);
}

static struct err *prove(const struct cluster *c, const struct secret *token,
                         char ret[SHA256_HEX_SIZE])
{
    struct path_file known;
    path_memory_get(c->memory, &known);
    return path_settings_join_hash(known.settings, c->c.config->onboarding.join_method, token, ret);
}

/* A token that cannot be read now is the join's trouble; without one the settings are others. */
static struct err *prove_configured(struct cluster *c)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    err_ignore(config_token(&c->c.config->onboarding, &token), "see above");
    return prove(c, token, c->proof);
}

static void say_what_is_known(const struct cluster *c, const struct path_file *f)
{
    if (!f->has_route)
        return;
    log_debug(c->c.log, COMPONENT, "the path is known from before",
              LOG_STR("route", route_name(f->route)), LOG_STR("cluster", f->cluster),
              LOG_STR("server_version", f->server_version), LOG_WALL("learnt", f->learnt));
}

static struct err *open_memory(struct cluster *c, struct err **ret_ignored)
{
    const struct config_destination *storage = c->c.storage;
    bool is_kept = storage && storage->type == CONFIG_DESTINATION_DIRECTORY;
    char settings[SHA256_HEX_SIZE];
    TRY(hash_settings(c, settings));
    const struct path_memory_config config = {
        .dir = is_kept ? storage->path : NULL,
        .symlinks = is_kept ? storage->symlinks : SYMLINKS_SECURE,
        .settings = settings,
        .kind = c->kind,
    };
    return path_memory_open(&config, ret_ignored, &c->memory);
}

RESULT cluster_path_open(struct cluster *c, struct path *ret)
{
    CLEANUP(err_freep) struct err *ignored = NULL;
    struct path_file known;
    TRY(open_memory(c, &ignored));
    if (ignored)
        log_err(c->c.log, LOG_WARN, COMPONENT, "what was learnt about the path is not used",
                ignored);
    path_memory_get(c->memory, &known);
    say_what_is_known(c, &known);
    *ret = (struct path){.kind = c->kind, .has_worked = known.has_route, .last = known.route};
    return prove_configured(c);
}

bool cluster_settings_proven(const struct cluster *c)
{
    struct path_file known;
    if (atomic_load(&c->has_worked))
        return true;
    path_memory_get(c->memory, &known);
    return strcmp(known.proven, c->proof) == 0;
}

void cluster_describe(struct cluster *c, struct cluster_known *ret)
{
    enum route route;
    struct path_file known;
    path_memory_get(c->memory, &known);
    *ret = (struct cluster_known){.kind = path_kind_name(c->kind),
                                  .route = connector_route(c->connector, &route) ? route_name(route)
                                                                                 : NULL};
    address_format(&c->address, ret->address);
    memcpy(ret->version, known.server_version, sizeof(ret->version));
}

static void say_retrusted(const struct cluster *c)
{
    if (connector_take_retrusted(c->connector))
        log_warn(
            c->c.log, COMPONENT,
            "the cluster has replaced its CAs; those that 'ca_pins' or 'ca_path' vouch for are "
            "used, and the next renewal brings them to stay",
            LOG_STR("address", c->text));
}

void cluster_path_reached(struct cluster *c, const struct msg_ping_reply *ping)
{
    enum route route;
    bool is_first = !atomic_exchange(&c->has_worked, true);
    const struct path_news news = {
        .cluster = ping->cluster_name,
        .server_version = ping->server_version,
        .suite = suite_of_number(ping->suite_number),
        .route = connector_route(c->connector, &route) ? &route : NULL,
        .proven = is_first ? c->proof : NULL, /* later a join may have proven another token */
    };
    path_memory_learn(c->memory, &news);
    say_retrusted(c);
}

void cluster_path_joined(struct cluster *c, const struct join_report *report,
                         const struct secret *token)
{
    char proof[SHA256_HEX_SIZE];
    enum route route;
    connector_suggest(c->connector, report->via);
    struct err *e = prove(c, token, proof); /* the token's file may have changed since the start */
    const struct path_news news = {
        .cluster = report->cluster,
        .server_version = report->server_version,
        .suite = report->suite,
        .route = connector_route(c->connector, &route) ? &route : NULL,
        .proven = e ? NULL : proof,
    };
    err_ignore(e, "the next start knows less");
    atomic_store(&c->has_worked, true);
    path_memory_learn(c->memory, &news);
}

void cluster_remember(struct cluster *c)
{
    struct err *e = path_memory_save(c->memory, clock_wall(c->c.clock));
    if (e)
        log_err(c->c.log, LOG_WARN, COMPONENT, "the next start has to find the way by itself", e);
    err_free(e);
}
