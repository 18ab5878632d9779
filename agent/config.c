/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include "agent/config_schema.h"
#include "diag/core/metrics_points.h"

#include <string.h>

#define MAX_TOKEN_FILE (64 * 1024)

struct err *config_new(struct config **ret)
{
    CLEANUP(config_freep) struct config *config = calloc(1, sizeof(*config));
    if (!config)
        return err_nomem();
    config->credential_ttl = dur_s(CONFIG_DEFAULT_TTL_S);
    config->renewal_interval = dur_s(CONFIG_DEFAULT_INTERVAL_S);
    config->startup_timeout = dur_s(CONFIG_DEFAULT_STARTUP_S);
    config->diag.shutdown_timeout = dur_s(CONFIG_DEFAULT_SHUTDOWN_S);
    config->diag.livez_stall = dur_s(CONFIG_DEFAULT_LIVEZ_STALL_S);
    config->metrics.interval = dur_s(CONFIG_DEFAULT_METRICS_S);
    *ret = TAKE(config);
    return NULL;
}

void config_destination_release(struct config_destination *destination)
{
    for (size_t i = 0; i < destination->n_readers; i++)
        free(destination->readers[i].name);
    free(destination->readers);
    for (size_t i = 0; i < destination->labels.len; i++) {
        free(destination->labels.items[i].name);
        free(destination->labels.items[i].value);
    }
    free(destination->labels.items);
    free(destination->path);
    free(destination->name);
    free(destination->name_space);
    free(destination->service_account_dir);
    *destination = (struct config_destination){0};
}

void config_onboarding_release(struct config_onboarding *onboarding)
{
    secret_free(onboarding->token);
    free(onboarding->token_path);
    free(onboarding->token_credential);
    strlist_release(&onboarding->ca_pins);
    free(onboarding->ca_path);
    free(onboarding->kubernetes_token_path);
    *onboarding = (struct config_onboarding){0};
}

static void release_content(struct config_service *service)
{
    free(service->name);
    strlist_release(&service->roles);
    config_destination_release(&service->destination);
    strlist_release(&service->hook.command);
    free(service->hook.pid_file);
    free(service->cluster);
}

void config_service_release(struct config_service *service)
{
    if (!service->is_view)
        release_content(service);
    *service = (struct config_service){0};
}

void config_service_free(struct config_service *service)
{
    if (!service)
        return;
    config_service_release(service);
    free(service);
}

struct err *config_take_service(struct config *config, size_t i, struct config_service **ret)
{
    struct config_service *own = malloc(sizeof(*own));
    if (!own)
        return err_nomem();
    *own = config->services[i];
    config->services[i].is_view = true;
    *ret = own;
    return NULL;
}

static void diag_release(struct config_diag *diag)
{
    free(diag->tls.cert);
    free(diag->tls.key);
    free(diag->tls.client_ca);
    strlist_release(&diag->tls.allow);
    free(diag->tokens);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->n_services; i++)
        config_service_release(&config->services[i]);
    free(config->services);
    free(config->file);
    free(config->auth_server);
    free(config->proxy_server);
    free(config->diag_addr);
    free(config->diag_socket);
    free(config->metrics.graphite);
    free(config->metrics.url);
    free(config->metrics.prefix);
    diag_release(&config->diag);
    config_onboarding_release(&config->onboarding);
    config_destination_release(&config->storage);
    strlist_release(&config->warnings);
    free(config);
}

const char *config_metrics_prefix(const struct config *config)
{
    return config->metrics.prefix ? config->metrics.prefix : METRICS_PREFIX;
}

struct err *config_add_service(struct config *config, enum config_service_type type,
                               struct config_service **ret)
{
    if (config->n_services == CONFIG_MAX_SERVICES)
        return err_new(ERR_CONFIG, "more than %d services", CONFIG_MAX_SERVICES);
    size_t size = (config->n_services + 1) * sizeof(*config->services);
    struct config_service *services = realloc(config->services, size);
    if (!services)
        return err_nomem();
    config->services = services;
    *ret = &services[config->n_services++];
    **ret = (struct config_service){.type = type, .ssh_config = true};
    return NULL;
}

struct err *config_destination_set(struct config_destination *destination, const char *path)
{
    CLEANUP(freep) char *copy = path ? strdup(path) : NULL;
    if (path && !copy)
        return err_nomem();
    config_destination_release(destination);
    destination->type = path ? CONFIG_DESTINATION_DIRECTORY : CONFIG_DESTINATION_MEMORY;
    destination->path = TAKE(copy);
    return NULL;
}

struct err *config_destination_add_reader(struct config_destination *destination, bool is_group,
                                          const char *name)
{
    size_t size = (destination->n_readers + 1) * sizeof(*destination->readers);
    struct config_reader *readers = realloc(destination->readers, size);
    if (!readers)
        return err_nomem();
    destination->readers = readers;
    char *copy = strdup(name);
    if (!copy)
        return err_nomem();
    readers[destination->n_readers++] = (struct config_reader){is_group, copy};
    return NULL;
}

struct err *config_onboarding_set_token(struct config_onboarding *onboarding, struct bytes text)
{
    bool is_path = text.len > 0 && text.data[0] == '/';
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(freep) char *path = NULL;
    if (is_path)
        path = strndup((const char *)text.data, text.len);
    if (is_path && !path)
        return err_nomem();
    if (!is_path && text.len > 0)
        TRY(secret_new(text.data, text.len, &token));
    secret_free(onboarding->token);
    free(onboarding->token_path);
    free(onboarding->token_credential);
    onboarding->token = TAKE(token);
    onboarding->token_path = TAKE(path);
    onboarding->token_credential = NULL; /* it was of the file before */
    return NULL;
}

bool config_rejoins(const struct config_onboarding *onboarding)
{
    return onboarding->join_method && strcmp(onboarding->join_method, "kubernetes") == 0;
}

static RESULT read_token_file(const char *path, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    struct err *e = file_read_secret(path, MAX_TOKEN_FILE, &token);
    if (e)
        return err_set_hint(err_wrap(e, "reading the join token"),
                            "A token that begins with '/' is the path of a file with the token: "
                            "put it there, readable for the user that runs tbot.");
    secret_trim(token);
    if (secret_bytes(token).len == 0)
        return err_set_hint(err_new(ERR_CONFIG, "the token file '%s' is empty", path),
                            "Put a token into it; 'tctl bots add' makes one.");
    *ret = TAKE(token);
    return NULL;
}

/* *ret stays NULL where there is none: the file itself then says what is wrong. */
static RESULT read_token_credential(const char *path, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    struct err *e = file_read_secret(path, MAX_TOKEN_FILE, &token);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "the manager hands over other credentials only");
        return NULL;
    }
    TRY_CTX(e, "reading the join token that the service manager hands over");
    secret_trim(token);
    if (secret_bytes(token).len > 0)
        *ret = TAKE(token);
    return NULL;
}

struct err *config_token(const struct config_onboarding *onboarding, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *credential = NULL;
    if (onboarding->token_credential)
        TRY(read_token_credential(onboarding->token_credential, &credential));
    if (credential) {
        *ret = TAKE(credential);
        return NULL;
    }
    if (onboarding->token_path)
        return read_token_file(onboarding->token_path, ret);
    if (onboarding->token)
        return secret_dup(onboarding->token, ret);
    return err_set_hint(err_new(ERR_CONFIG, "there is no join token"),
                        "Set 'token' under 'onboarding' in the configuration, or --token.");
}

struct dur config_service_ttl(const struct config *config, const struct config_service *service)
{
    return service->credential_ttl.ns ? service->credential_ttl : config->credential_ttl;
}

struct dur config_service_interval(const struct config *config,
                                   const struct config_service *service)
{
    return service->renewal_interval.ns ? service->renewal_interval : config->renewal_interval;
}

const char *config_service_type_name(enum config_service_type type)
{
    const struct config_variants *all = &config_schema_services;
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i].is_built && all->items[i].type == type)
            return all->items[i].name;
    return "unknown";
}
