/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_merge.h"

#include "agent/config_join_uri.h"
#include "agent/config_schema.h"
#include "agent/config_uri.h"
#include "agent/config_value.h"

#include <string.h>

#define MAX_WARNING 4096

void config_overrides_release(struct config_overrides *overrides)
{
    strlist_release(&overrides->ca_pins);
}

void config_service_overrides_release(struct config_service_overrides *overrides)
{
    strlist_release(&overrides->reader_users);
    strlist_release(&overrides->reader_groups);
}

static RESULT warn(struct config *config, const char *option, const char *key, const char *old,
                   const char *now)
{
    CLEANUP(buf_freep) struct buf *text = buf_new(MAX_WARNING);
    if (!text)
        return err_nomem();
    TRY(buf_printf(text, "%s '%.1000s' overrides '%s: %.1000s' of the configuration file", option,
                   now, key, old));
    return strlist_add(&config->warnings, buf_str(text));
}

static RESULT merge_text(struct config *config, const char *option, const char *key,
                         const char *given, char **to, struct config_at *at)
{
    if (!given || !*given)
        return NULL;
    if (*to && strcmp(*to, given) != 0)
        TRY(warn(config, option, key, *to, given));
    *at = (struct config_at){0, 0};
    return config_value_set_text(to, given);
}

/* A default is no value of the file: only what has a place there was written by somebody. */
static RESULT merge_duration(struct config *config, const char *option, const char *key,
                             struct dur given, struct dur *to, struct config_at *at)
{
    char old[DUR_SIZE], now[DUR_SIZE];
    if (given.ns == 0)
        return NULL;
    if (at->line > 0 && to->ns != given.ns)
        TRY(warn(config, option, key, dur_format(*to, old), dur_format(given, now)));
    *at = (struct config_at){0, 0};
    *to = given;
    return NULL;
}

/* Off is also what a file says that says nothing: no warning then. */
static RESULT merge_switch(struct config *config, const char *option, const char *key,
                           enum config_switch given, bool *to)
{
    if (given == CONFIG_SWITCH_NONE)
        return NULL;
    bool is_on = given == CONFIG_SWITCH_ON;
    if (*to && !is_on)
        TRY(warn(config, option, key, "true", "false"));
    *to = is_on;
    return NULL;
}

static RESULT merge_startup(struct config *config, const struct config_overrides *o)
{
    if (!o->startup || !*o->startup)
        return NULL;
    const char *const *choices = config_schema_key(&config_schema_top, "startup")->choices;
    unsigned given = 0;
    while (choices[given] && strcmp(choices[given], o->startup) != 0)
        given++;
    if (!choices[given])
        return err_new(ERR_USAGE, "--startup: '%s' is not one of auto, wait, exit", o->startup);
    if (config->at_startup.line > 0 && config->startup != given)
        TRY(warn(config, "--startup", "startup", choices[config->startup], choices[given]));
    config->at_startup = (struct config_at){0, 0};
    config->startup = given;
    return NULL;
}

/* A daemon's file serves for one pass too: what only a daemon does is left out of account then. */
static RESULT reduce_to_one_pass(struct config *config, const struct config_overrides *o)
{
    if (o->oneshot != CONFIG_SWITCH_ON)
        return NULL;
    if (!o->startup && config->startup == CONFIG_STARTUP_WAIT) {
        TRY(warn(config, "--oneshot", "startup", "wait", "true"));
        config->startup = CONFIG_STARTUP_AUTO;
    }
    if (!o->give_up_after.ns && config->give_up_after.ns) {
        char text[DUR_SIZE];
        TRY(warn(config, "--oneshot", "give_up_after", dur_format(config->give_up_after, text),
                 "true"));
        config->give_up_after = (struct dur){0};
    }
    return NULL;
}

static RESULT merge_times(struct config *config, const struct config_overrides *o)
{
    TRY(merge_duration(config, "--certificate-ttl", "credential_ttl", o->credential_ttl,
                       &config->credential_ttl, &config->at_credential_ttl));
    TRY(merge_duration(config, "--renewal-interval", "renewal_interval", o->renewal_interval,
                       &config->renewal_interval, &config->at_renewal_interval));
    TRY(merge_duration(config, "--startup-timeout", "startup_timeout", o->startup_timeout,
                       &config->startup_timeout, &config->at_startup_timeout));
    TRY(merge_duration(config, "--give-up-after", "give_up_after", o->give_up_after,
                       &config->give_up_after, &config->at_give_up_after));
    return merge_duration(config, "--oneshot-timeout", "oneshot_timeout", o->oneshot_timeout,
                          &config->oneshot_timeout, &config->at_oneshot_timeout);
}

static const char *describe(const struct config_destination *place)
{
    if (place->type == CONFIG_DESTINATION_DIRECTORY)
        return place->path;
    return place->type == CONFIG_DESTINATION_MEMORY ? "memory" : place->name;
}

static RESULT merge_storage(struct config *config, const struct config_overrides *o)
{
    if (!o->storage || !*o->storage)
        return NULL;
    const char *option = o->storage_option ? o->storage_option : "--storage";
    CLEANUP(config_destination_release) struct config_destination place = {0};
    TRY_CTX(config_uri_destination(o->storage, &place), "%s", option);
    bool was_given = config->storage.type != CONFIG_DESTINATION_NONE;
    if (was_given && strcmp(describe(&config->storage), describe(&place)) != 0)
        TRY(warn(config, option, "storage", describe(&config->storage), describe(&place)));
    config_destination_release(&config->storage);
    config->storage = place;
    place = (struct config_destination){0};
    return NULL;
}

static bool has_onboarding(const struct config_onboarding *o)
{
    return o->token || o->token_path || o->join_method || o->ca_pins.len > 0 || o->ca_path ||
           o->kubernetes_token_path;
}

static RESULT find_join_method(const char *name, const char **ret)
{
    const struct config_variants *all = &config_schema_join_methods;
    const struct config_variant *method = config_schema_variant(all, name);
    if (!method) {
        const char *near = config_schema_suggest_variant(all, name);
        return err_new(ERR_USAGE, "--join-method: no join method '%s'%s%s%s", name,
                       near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    if (!method->is_built)
        return err_new(ERR_USAGE, "--join-method: join method '%s' is not built yet in this tbot",
                       name);
    *ret = method->name;
    return NULL;
}

static RESULT merge_join_uri(struct config *config, const struct config_overrides *o)
{
    if (o->token || o->join_method || o->auth_server || o->proxy_server)
        return err_new(ERR_USAGE, "--join-uri excludes --token, --join-method, --proxy-server and "
                                  "--auth-server, it says all of them");
    struct config_at nowhere = {0, 0};
    config->at_auth_server = config->at_proxy_server = nowhere;
    free(config->auth_server);
    free(config->proxy_server);
    config->auth_server = config->proxy_server = NULL;
    struct err *e = config_join_uri_apply(secret_str(o->join_uri), config);
    return e ? err_wrap_as(ERR_USAGE, e, "--join-uri") : NULL;
}

static RESULT merge_onboarding(struct config *config, const struct config_overrides *o)
{
    if (!o->token && !o->join_method && !o->join_uri && o->ca_pins.len == 0)
        return NULL;
    if (has_onboarding(&config->onboarding))
        TRY(strlist_add(&config->warnings,
                        "the command line says how to join: the whole 'onboarding' section of the "
                        "configuration file is left out of account"));
    config_onboarding_release(&config->onboarding);
    struct config_onboarding *to = &config->onboarding;
    if (o->token)
        TRY(config_onboarding_set_token(to, secret_bytes(o->token)));
    if (o->join_method)
        TRY(find_join_method(o->join_method, &to->join_method));
    return strlist_copy(&to->ca_pins, &o->ca_pins);
}

static RESULT merge_destination_dir(struct config *config, const char *dir)
{
    if (!dir || !*dir)
        return NULL;
    if (config->n_services > 0)
        TRY(strlist_add(&config->warnings, "--destination-dir replaces all services of the "
                                           "configuration file by one identity output"));
    for (size_t i = 0; i < config->n_services; i++)
        config_service_release(&config->services[i]);
    config->n_services = 0;
    struct config_service *service = NULL;
    TRY(config_add_service(config, CONFIG_SERVICE_IDENTITY, &service));
    TRY_CTX(config_uri_destination(dir, &service->destination), "--destination-dir");
    return NULL;
}

static RESULT add_readers(struct config_destination *place, const struct strlist *names,
                          bool is_group)
{
    if (names->len > 0 && place->type != CONFIG_DESTINATION_DIRECTORY)
        return err_new(ERR_USAGE, "--reader-user and --reader-group need a directory");
    for (size_t i = 0; i < names->len; i++)
        TRY(config_destination_add_reader(place, is_group, names->items[i]));
    return NULL;
}

static RESULT append_service(struct config *config, const struct config_service_overrides *o)
{
    if (!o)
        return NULL;
    struct config_service *service = NULL;
    TRY(config_add_service(config, CONFIG_SERVICE_IDENTITY, &service));
    if (!o->destination)
        return err_new(ERR_USAGE, "--destination is required");
    TRY_CTX(config_uri_destination(o->destination, &service->destination), "--destination");
    TRY(add_readers(&service->destination, &o->reader_users, false));
    TRY(add_readers(&service->destination, &o->reader_groups, true));
    service->allow_reissue = o->allow_reissue == CONFIG_SWITCH_ON;
    return o->cluster && *o->cluster ? config_value_set_text(&service->cluster, o->cluster) : NULL;
}

struct err *config_merge(struct config *config, const struct config_overrides *o)
{
    TRY(merge_text(config, "--auth-server", "auth_server", o->auth_server, &config->auth_server,
                   &config->at_auth_server));
    TRY(merge_text(config, "--proxy-server", "proxy_server", o->proxy_server, &config->proxy_server,
                   &config->at_proxy_server));
    TRY(merge_times(config, o));
    TRY(merge_startup(config, o));
    TRY(reduce_to_one_pass(config, o));
    TRY(merge_switch(config, "--oneshot", "oneshot", o->oneshot, &config->oneshot));
    TRY(merge_switch(config, "--insecure", "insecure", o->insecure, &config->insecure));
    TRY(merge_switch(config, "--debug", "debug", o->debug, &config->debug));
    TRY(merge_text(config, "--diag-addr", "diag_addr", o->diag_addr, &config->diag_addr,
                   &config->at_diag_addr));
    TRY(merge_text(config, "--diag-socket", "diag_socket", o->diag_socket, &config->diag_socket,
                   &config->at_diag_socket));
    TRY(merge_storage(config, o));
    TRY(merge_onboarding(config, o));
    if (o->join_uri)
        TRY(merge_join_uri(config, o));
    TRY(merge_destination_dir(config, o->destination_dir));
    return append_service(config, o->service);
}
