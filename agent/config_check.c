/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"

#include "base/text.h"

#include <string.h>

/* Names of what runs inside every tbot; diagnostics would show two of the same. */
static const char *const reserved_names[] = {
    "ca-rotation", "connection", "crl-cache", "heartbeat", "identity", "spiffe-trust-bundle-cache",
};

static RESULT check_port(struct config_report *report, struct config_at at, const char *key,
                         const char *value)
{
    const char *colon = strrchr(value, ':');
    bool is_bare_ipv6 = colon && strchr(value, ':') != colon && value[0] != '[';
    const char *port = colon ? colon + 1 : "";
    size_t digits = strspn(port, "0123456789");
    long number = digits > 0 && digits < 6 && !port[digits] ? strtol(port, NULL, 10) : 0;
    if (colon && colon != value && !is_bare_ipv6 && number > 0 && number < 65536)
        return NULL;
    return config_report_error(report, at, "key '%s': '%.80s' is not an address of the form %s",
                               key, value, is_bare_ipv6 ? "[address]:port" : "host:port");
}

static RESULT check_address(struct config_report *report, struct config_at at, const char *key,
                            const char *value)
{
    if (!value || !*value)
        return NULL;
    if (strstr(value, "://"))
        return config_report_error(report, at,
                                   "key '%s': write '%.80s' without the scheme, as "
                                   "host:port",
                                   key, value);
    if (strpbrk(value, "/ \t"))
        return config_report_error(report, at,
                                   "key '%s': '%.80s' is not an address of the form "
                                   "host:port",
                                   key, value);
    return check_port(report, at, key, value);
}

static RESULT check_addresses(const struct config *c, struct config_report *report)
{
    TRY(check_address(report, c->at_auth_server, "auth_server", c->auth_server));
    TRY(check_address(report, c->at_proxy_server, "proxy_server", c->proxy_server));
    if (text_given(c->auth_server) && text_given(c->proxy_server))
        TRY(config_report_error(report, c->at_proxy_server,
                                "key 'proxy_server': excludes 'auth_server', set one of the two"));
    return NULL;
}

static bool is_pin(const char *pin)
{
    static const char prefix[] = "sha256:";
    const char *hex = pin + sizeof(prefix) - 1;
    return strncmp(pin, prefix, sizeof(prefix) - 1) == 0 && strlen(hex) == 64 &&
           strspn(hex, "0123456789abcdefABCDEF") == 64;
}

static RESULT check_trust(const struct config *c, struct config_report *report)
{
    const struct config_onboarding *o = &c->onboarding;
    for (size_t i = 0; i < o->ca_pins.len; i++)
        if (!is_pin(o->ca_pins.items[i]))
            TRY(config_report_error(report, o->at_ca_pins,
                                    "key 'ca_pins': '%.80s' is not 'sha256:' and 64 hex digits; "
                                    "'tctl status' shows the cluster's pin",
                                    o->ca_pins.items[i]));
    if (o->ca_pins.len > 0 && text_given(o->ca_path))
        TRY(config_report_error(report, o->at_ca_path, "key 'ca_path': excludes 'ca_pins'"));
    if (c->insecure && o->ca_pins.len > 0)
        TRY(config_report_error(report, c->at_insecure, "key 'insecure': excludes 'ca_pins'"));
    if (c->insecure && text_given(o->ca_path))
        TRY(config_report_error(report, c->at_insecure, "key 'insecure': excludes 'ca_path'"));
    return NULL;
}

/* One pass has an end of its own. */
static RESULT check_one_pass(const struct config *c, struct config_report *report)
{
    if (c->give_up_after.ns)
        TRY(config_report_error(report, c->at_give_up_after,
                                "key 'give_up_after': excludes 'oneshot', which ends by itself; "
                                "'oneshot_timeout' says how long it may take"));
    if (c->startup == CONFIG_STARTUP_WAIT)
        TRY(config_report_error(report, c->at_startup,
                                "key 'startup': 'wait' excludes 'oneshot', which ends by itself; "
                                "'oneshot_timeout' says how long it may take"));
    return NULL;
}

static RESULT warn_of_idle_times(const struct config *c, struct config_report *report)
{
    bool has_startup_timeout = c->at_startup_timeout.line > 0 ||
                               c->startup_timeout.ns != dur_s(CONFIG_DEFAULT_STARTUP_S).ns;
    if (has_startup_timeout && c->startup != CONFIG_STARTUP_AUTO)
        TRY(config_report_warning(report, c->at_startup_timeout,
                                  "key 'startup_timeout': has no effect but with 'startup: auto'"));
    if (c->oneshot_timeout.ns && !c->oneshot)
        TRY(config_report_warning(report, c->at_oneshot_timeout,
                                  "key 'oneshot_timeout': has no effect without 'oneshot'"));
    return NULL;
}

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof(reserved_names) / sizeof(*reserved_names); i++)
        if (strcmp(reserved_names[i], name) == 0)
            return true;
    return false;
}

static const struct config_service *find_twin(const struct config *c, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (c->services[i].name && strcmp(c->services[i].name, c->services[before].name) == 0)
            return &c->services[i];
    return NULL;
}

static RESULT check_name(const struct config *c, size_t i, struct config_report *report)
{
    const struct config_service *s = &c->services[i];
    if (!s->name)
        return NULL;
    if (s->name[strspn(s->name, "abcdefghijklmnopqrstuvwxyz0123456789_+-")] || !*s->name)
        return config_report_error(
            report, s->at_name,
            "key 'name': '%.80s' may have lower-case letters, digits, '_', '+' and '-' only",
            s->name);
    if (is_reserved(s->name))
        return config_report_error(report, s->at_name, "key 'name': '%s' is reserved", s->name);
    const struct config_service *twin = find_twin(c, i);
    if (twin)
        return config_report_error(report, s->at_name,
                                   "key 'name': '%.80s' is also the service's in line %u", s->name,
                                   twin->at.line);
    return NULL;
}

/* The bot's own identity is kept by a transaction that knows more than files, identity/store.h. */
static RESULT check_storage(const struct config *c, struct config_report *report)
{
    if (c->storage.type == CONFIG_DESTINATION_KUBERNETES_SECRET)
        TRY(config_report_error(
            report, c->storage.at,
            "key 'storage': type 'kubernetes_secret' is for outputs; a pod that "
            "joins by its service account needs to keep nothing: 'type: memory'"));
    if (c->storage.atomic != CONFIG_ATOMIC_OFF)
        TRY(config_report_error(report, c->storage.at,
                                "key 'atomic': is for outputs, not for 'storage'"));
    if (c->storage.is_cached)
        TRY(config_report_error(report, c->storage.at,
                                "key 'cache': is for outputs, not for 'storage'"));
    return NULL;
}

/* Automatic names move on when a service before is taken out: its copy would be another's then. */
static RESULT check_cache_name(const struct config_service *s, struct config_report *report)
{
    if (!s->destination.is_cached || s->at_name.line > 0)
        return NULL;
    return config_report_error(report, s->destination.at,
                               "key 'cache': needs a 'name' for its service, to find the copy by");
}

struct err *config_check_contradictions(const struct config *c, struct config_report *report)
{
    TRY(check_addresses(c, report));
    TRY(check_trust(c, report));
    TRY(check_storage(c, report));
    TRY(config_check_diag(c, report));
    TRY(config_check_metrics(c, report));
    if (c->oneshot)
        TRY(check_one_pass(c, report));
    for (size_t i = 0; i < c->n_services; i++) {
        const struct config_service *s = &c->services[i];
        TRY(check_name(c, i, report));
        TRY(check_cache_name(s, report));
        TRY(config_check_kubernetes(&s->destination, report));
        TRY(config_check_hook(s, report));
        if (!s->credential_ttl.ns != !s->renewal_interval.ns)
            TRY(config_report_error(report, s->at, "key '%s': needs '%s' beside it",
                                    s->credential_ttl.ns ? "credential_ttl" : "renewal_interval",
                                    s->credential_ttl.ns ? "renewal_interval" : "credential_ttl"));
    }
    return NULL;
}

static RESULT check_bot_times(const struct config *c, struct config_report *report)
{
    char ttl[DUR_SIZE], other[DUR_SIZE];
    dur_format(c->credential_ttl, ttl);
    if (c->credential_ttl.ns > dur_s(CONFIG_MAX_TTL_S).ns)
        TRY(config_report_warning(report, c->at_credential_ttl,
                                  "key 'credential_ttl': %s is over the maximum, the cluster will "
                                  "give certificates for %s at most",
                                  ttl, dur_format(dur_s(CONFIG_MAX_TTL_S), other)));
    if (!c->oneshot && c->credential_ttl.ns < c->renewal_interval.ns)
        TRY(config_report_warning(report, c->at_credential_ttl,
                                  "key 'credential_ttl': certificates of %s expire before they are "
                                  "renewed, every %s",
                                  ttl, dur_format(c->renewal_interval, other)));
    return NULL;
}

static RESULT check_service_times(const struct config *c, const struct config_service *s,
                                  struct config_report *report)
{
    char ttl[DUR_SIZE], other[DUR_SIZE];
    if (!s->credential_ttl.ns)
        return NULL;
    dur_format(s->credential_ttl, ttl);
    if (s->credential_ttl.ns > dur_s(CONFIG_MAX_TTL_S).ns)
        TRY(config_report_error(report, s->at, "key 'credential_ttl': %s is over the maximum of %s",
                                ttl, dur_format(dur_s(CONFIG_MAX_TTL_S), other)));
    if (!c->oneshot && s->credential_ttl.ns < s->renewal_interval.ns)
        TRY(config_report_error(report, s->at,
                                "key 'credential_ttl': %s is less than the renewal interval of %s",
                                ttl, dur_format(s->renewal_interval, other)));
    return NULL;
}

static bool is_same_place(const struct config_destination *a, const struct config_destination *b)
{
    return a->type == CONFIG_DESTINATION_DIRECTORY && b->type == CONFIG_DESTINATION_DIRECTORY &&
           strcmp(a->path, b->path) == 0;
}

static bool is_same_secret(const struct config_destination *a, const struct config_destination *b)
{
    return a->type == CONFIG_DESTINATION_KUBERNETES_SECRET && b->type == a->type &&
           strcmp(a->name, b->name) == 0 && text_equals(a->name_space, b->name_space);
}

/* An output in the storage directory would overwrite the bot's own key. */
static RESULT check_place(const struct config *c, size_t i, struct config_report *report)
{
    const struct config_destination *place = &c->services[i].destination;
    if (is_same_place(place, &c->storage))
        return config_report_error(report, place->at,
                                   "key 'destination': '%s' is the bot's own storage", place->path);
    for (size_t j = 0; j < i; j++)
        if (is_same_secret(place, &c->services[j].destination))
            return config_report_error(report, place->at,
                                       "key 'destination': secret '%s' is used by '%s' and '%s', "
                                       "which would remove each other's files",
                                       place->name, c->services[j].name, c->services[i].name);
        else if (is_same_place(place, &c->services[j].destination))
            return config_report_warning(report, place->at,
                                         "key 'destination': '%s' is used by '%s' and '%s', which "
                                         "overwrite each other's files",
                                         place->path, c->services[j].name, c->services[i].name);
    return NULL;
}

static RESULT check_cache(const struct config *c, const struct config_service *s,
                          struct config_report *report)
{
    if (!s->destination.is_cached || c->storage.type == CONFIG_DESTINATION_DIRECTORY)
        return NULL;
    return config_report_error(report, s->destination.at,
                               "key 'cache': needs 'storage' in a directory, to keep the copy in");
}

static RESULT check_method(const struct config *c, struct config_report *report)
{
    const struct config_onboarding *o = &c->onboarding;
    const char *path = text_given(o->kubernetes_token_path);
    if (path && !config_rejoins(o))
        return config_report_warning(report, o->at_kubernetes,
                                     "key 'kubernetes': has no effect, it belongs to another join "
                                     "method");
    if (path && path[0] != '/')
        return config_report_error(report, o->at_kubernetes,
                                   "key 'token_path': '%.80s' must be an absolute path", path);
    if (config_rejoins(o) && !o->token && !o->token_path)
        return config_report_error(
            report, (struct config_at){0, 0},
            "the join method 'kubernetes' needs 'token' under 'onboarding', or "
            "--token: the name of the cluster's token resource");
    return NULL;
}

static RESULT check_present(const struct config *c, struct config_report *report)
{
    struct config_at nowhere = {0, 0};
    if (!text_given(c->auth_server) && !text_given(c->proxy_server))
        TRY(config_report_error(report, nowhere,
                                "there is no address: set 'proxy_server' or 'auth_server' in the "
                                "configuration, or --proxy-server or --auth-server"));
    if (!c->onboarding.join_method)
        TRY(config_report_error(report, nowhere,
                                "there is no join method: set 'join_method' under 'onboarding' in "
                                "the configuration, or --join-method"));
    return NULL;
}

struct err *config_check_complete(const struct config *c, struct config_report *report)
{
    TRY(check_present(c, report));
    TRY(check_method(c, report));
    TRY(check_bot_times(c, report));
    TRY(warn_of_idle_times(c, report));
    for (size_t i = 0; i < c->n_services; i++) {
        TRY(check_service_times(c, &c->services[i], report));
        TRY(check_place(c, i, report));
        TRY(check_cache(c, &c->services[i], report));
    }
    return NULL;
}
