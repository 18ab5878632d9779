/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_schema.h"

#include "agent/config_suggest.h"

#include <string.h>

static const char *const startup_choices[] = {
    [CONFIG_STARTUP_AUTO] = "auto",
    [CONFIG_STARTUP_WAIT] = "wait",
    [CONFIG_STARTUP_EXIT] = "exit",
    NULL,
};
static const char *const open_renewal_choices[] = {
    [CONFIG_OPEN_RENEWAL_HOLD] = "hold",
    [CONFIG_OPEN_RENEWAL_RETRY] = "retry",
    NULL,
};

static const struct config_key azure_keys[] = {
    {"client_id", CONFIG_TEXT, .help = "the managed identity to use"},
};
static const struct config_section azure = {"azure", CONFIG_KEYS(azure_keys)};

static const struct config_key terraform_keys[] = {
    {"audience_tag", CONFIG_TEXT, .help = "tag of the workload identity variable"},
};
static const struct config_section terraform = {"terraform", CONFIG_KEYS(terraform_keys)};

static const struct config_key gitlab_keys[] = {
    {"token_env_var_name", CONFIG_TEXT, .help = "environment variable that holds the JWT"},
};
static const struct config_section gitlab = {"gitlab", CONFIG_KEYS(gitlab_keys)};

static const struct config_key kubernetes_keys[] = {
    {"token_path", CONFIG_TEXT, .help = "file of the service account's token",
     CONFIG_KEEP(struct config_onboarding, kubernetes_token_path)},
};
static const struct config_section kubernetes = {"kubernetes", CONFIG_KEYS(kubernetes_keys)};

static const struct config_key bound_keypair_keys[] = {
    {"registration_secret", CONFIG_TEXT, CONFIG_SENSITIVE, .help = "secret for the first join"},
    {"registration_secret_path", CONFIG_TEXT, .help = "file of that secret"},
    {"static_private_key_path", CONFIG_TEXT, .help = "file of a key that never changes"},
    {"static_key_path", CONFIG_TEXT, .help = "another name of static_private_key_path"},
};
static const struct config_section bound_keypair = {"bound_keypair",
                                                    CONFIG_KEYS(bound_keypair_keys)};

static const struct config_key onboarding_keys[] = {
    {"token", CONFIG_TOKEN, CONFIG_SENSITIVE,
     .help = "the join token, or the absolute path of its file", .is_kept = true},
    {"join_method", CONFIG_METHOD, .help = "how to prove who we are",
     CONFIG_KEEP(struct config_onboarding, join_method)},
    {"ca_pins", CONFIG_TEXTS, .help = "hashes of the cluster's CA keys, sha256:…",
     CONFIG_KEEP(struct config_onboarding, ca_pins),
     CONFIG_PLACE(struct config_onboarding, at_ca_pins)},
    {"ca_path", CONFIG_TEXT, .help = "file of the cluster's CA certificates",
     CONFIG_KEEP(struct config_onboarding, ca_path),
     CONFIG_PLACE(struct config_onboarding, at_ca_path)},
    {"azure", CONFIG_SECTION, CONFIG_METHOD_ONLY, .help = "for the method azure",
     .section = &azure},
    {"terraform", CONFIG_SECTION, CONFIG_METHOD_ONLY, .help = "for the method terraform_cloud",
     .section = &terraform},
    {"gitlab", CONFIG_SECTION, CONFIG_METHOD_ONLY, .help = "for the method gitlab",
     .section = &gitlab},
    {"kubernetes", CONFIG_SECTION, .help = "for the method kubernetes", .section = &kubernetes,
     .is_kept = true, CONFIG_PLACE(struct config_onboarding, at_kubernetes)},
    {"bound_keypair", CONFIG_SECTION, CONFIG_METHOD_ONLY, .help = "for the method bound_keypair",
     .section = &bound_keypair},
};
const struct config_section config_schema_onboarding = {"onboarding", CONFIG_KEYS(onboarding_keys)};

static const struct config_variant join_methods[] = {
    {"token", true, .help = "a secret that the cluster gave once"},
    {"azure", .help = "the machine's Azure identity"},
    {"azure_devops", .help = "an Azure DevOps pipeline"},
    {"bitbucket", .help = "a Bitbucket pipeline"},
    {"bound_keypair", .help = "a key of our own that the cluster knows"},
    {"circleci", .help = "a CircleCI job"},
    {"env0", .help = "an env0 deployment"},
    {"gcp", .help = "the machine's Google identity"},
    {"github", .help = "a GitHub Actions job"},
    {"gitlab", .help = "a GitLab job"},
    {"iam", .help = "the machine's AWS identity"},
    {"kubernetes", true, .help = "a Kubernetes service account"},
    {"oracle", .help = "the machine's Oracle Cloud identity"},
    {"spacelift", .help = "a Spacelift run"},
    {"terraform_cloud", .help = "a Terraform Cloud run"},
    {"tpm", .help = "the machine's TPM"},
};
const struct config_variants config_schema_join_methods = {
    "join method", join_methods, sizeof(join_methods) / sizeof(*join_methods)};

static const struct config_key diag_tls_keys[] = {
    {"cert", CONFIG_TEXT, .help = "certificate file; the bot's own identity",
     CONFIG_KEEP(struct config_diag_tls, cert)},
    {"key", CONFIG_TEXT, .help = "its key file", CONFIG_KEEP(struct config_diag_tls, key)},
    {"client_ca", CONFIG_TEXT, .help = "file of CAs for certificates of clients; the cluster's",
     CONFIG_KEEP(struct config_diag_tls, client_ca)},
    {"allow", CONFIG_TEXTS, .help = "names of clients that are known by their certificates",
     CONFIG_KEEP(struct config_diag_tls, allow)},
};
static const struct config_section diag_tls = {"diag.tls", CONFIG_KEYS(diag_tls_keys)};

static const struct config_key diag_keys[] = {
    {"tls", CONFIG_SECTION, .section = &diag_tls, .help = "certificates for https:// addresses",
     CONFIG_KEEP(struct config_diag, tls)},
    {"tokens", CONFIG_TEXT, .help = "file of tokens and what each may do",
     CONFIG_KEEP(struct config_diag, tokens)},
    {"unsafe_plain", CONFIG_BOOL, .help = "details on plain TCP beyond loopback too",
     CONFIG_KEEP(struct config_diag, unsafe_plain)},
    {"enable_shutdown", CONFIG_BOOL, .help = "a request may stop the agent",
     CONFIG_KEEP(struct config_diag, enable_shutdown)},
    {"shutdown_timeout", CONFIG_DURATION, CONFIG_POSITIVE, .help = "what that may take, 10s",
     CONFIG_KEEP(struct config_diag, shutdown_timeout)},
    {"livez_stall", CONFIG_DURATION,
     .help = "how long the main loop may stand still, 60s; 0s: for ever",
     CONFIG_KEEP(struct config_diag, livez_stall)},
};
static const struct config_section diag = {"diag", CONFIG_KEYS(diag_keys)};

static const struct config_key metrics_keys[] = {
    {"graphite", CONFIG_TEXT, .help = "host:port of a Graphite server to send metrics to",
     CONFIG_KEEP(struct config_metrics, graphite),
     CONFIG_PLACE(struct config_metrics, at_graphite)},
    {"url", CONFIG_TEXT, CONFIG_SENSITIVE, .help = "http(s) URL to post metrics to, as JSON",
     CONFIG_KEEP(struct config_metrics, url), CONFIG_PLACE(struct config_metrics, at_url)},
    {"interval", CONFIG_DURATION, .help = "time between two sends, 30s",
     CONFIG_KEEP(struct config_metrics, interval),
     CONFIG_PLACE(struct config_metrics, at_interval)},
    {"prefix", CONFIG_TEXT, .help = "first part of the names that are sent, tbot",
     CONFIG_KEEP(struct config_metrics, prefix), CONFIG_PLACE(struct config_metrics, at_prefix)},
};
static const struct config_section metrics = {"metrics", CONFIG_KEYS(metrics_keys)};

static const struct config_key top_keys[] = {
    {"version", CONFIG_TEXT, CONFIG_ELSEWHERE | CONFIG_REQUIRED, .help = "v2"},
    {"auth_server", CONFIG_TEXT, .help = "host:port of the auth service",
     CONFIG_KEEP(struct config, auth_server), CONFIG_PLACE(struct config, at_auth_server)},
    {"proxy_server", CONFIG_TEXT, .help = "host:port of the proxy; instead of auth_server",
     CONFIG_KEEP(struct config, proxy_server), CONFIG_PLACE(struct config, at_proxy_server)},
    {"join_uri", CONFIG_TEXT, CONFIG_ELSEWHERE | CONFIG_SENSITIVE,
     .help = "address, method and token in one"},
    {"onboarding", CONFIG_SECTION, .help = "how to join", .section = &config_schema_onboarding,
     CONFIG_KEEP(struct config, onboarding)},
    {"storage", CONFIG_DESTINATION, .help = "where the bot keeps its own identity",
     CONFIG_KEEP(struct config, storage)},
    {"credential_ttl", CONFIG_DURATION, CONFIG_POSITIVE, .help = "lifetime of certificates, 60m",
     CONFIG_KEEP(struct config, credential_ttl), CONFIG_PLACE(struct config, at_credential_ttl)},
    {"certificate_ttl", CONFIG_DURATION, CONFIG_ELSEWHERE, .help = "old name of credential_ttl"},
    {"renewal_interval", CONFIG_DURATION, CONFIG_POSITIVE, .help = "time between renewals, 20m",
     CONFIG_KEEP(struct config, renewal_interval),
     CONFIG_PLACE(struct config, at_renewal_interval)},
    {"oneshot", CONFIG_BOOL, .help = "one pass, then exit", CONFIG_KEEP(struct config, oneshot)},
    {"debug", CONFIG_BOOL, .help = "log more", CONFIG_KEEP(struct config, debug)},
    {"insecure", CONFIG_BOOL, .help = "join without checking the cluster's certificate",
     CONFIG_KEEP(struct config, insecure), CONFIG_PLACE(struct config, at_insecure)},
    {"services", CONFIG_SECTIONS, CONFIG_ELSEWHERE, .help = "what to do: a list of services"},
    {"outputs", CONFIG_SECTIONS, CONFIG_ELSEWHERE, .help = "the same; appended to services"},
    {"leeway", CONFIG_DURATION, CONFIG_NOT_BUILT, .help = "tolerance when judging expiry"},
    {"diag_addr", CONFIG_TEXT, .help = "host:port of the diagnostics server",
     CONFIG_KEEP(struct config, diag_addr), CONFIG_PLACE(struct config, at_diag_addr)},
    {"fips", CONFIG_BOOL, CONFIG_NOT_BUILT, .help = "FIPS cryptography only"},
    {"scoped", CONFIG_BOOL, CONFIG_NOT_BUILT, .help = "join in a scope of the cluster"},
    {"pid_file", CONFIG_TEXT, CONFIG_NOT_BUILT, .help = "file for the process ID"},
    {"on_open_renewal", CONFIG_CHOICE, CONFIG_OURS,
     .help = "when the outcome of a renewal stays unknown", .choices = open_renewal_choices,
     CONFIG_KEEP(struct config, on_open_renewal)},
    {"startup", CONFIG_CHOICE, CONFIG_OURS, .help = "what to do when the cluster is away at start",
     .choices = startup_choices, CONFIG_KEEP(struct config, startup),
     CONFIG_PLACE(struct config, at_startup)},
    {"startup_timeout", CONFIG_DURATION, CONFIG_OURS | CONFIG_POSITIVE,
     .help = "how long a first start may take, 2m", CONFIG_KEEP(struct config, startup_timeout),
     CONFIG_PLACE(struct config, at_startup_timeout)},
    {"give_up_after", CONFIG_DURATION, CONFIG_OURS | CONFIG_POSITIVE,
     .help = "end after that long without contact; never",
     CONFIG_KEEP(struct config, give_up_after), CONFIG_PLACE(struct config, at_give_up_after)},
    {"oneshot_timeout", CONFIG_DURATION, CONFIG_OURS | CONFIG_POSITIVE,
     .help = "how long one pass may retry; not at all", CONFIG_KEEP(struct config, oneshot_timeout),
     CONFIG_PLACE(struct config, at_oneshot_timeout)},
    {"diag_socket", CONFIG_TEXT, CONFIG_OURS,
     .help = "path of the local diagnostics socket, or off",
     CONFIG_KEEP(struct config, diag_socket), CONFIG_PLACE(struct config, at_diag_socket)},
    {"diag", CONFIG_SECTION, CONFIG_OURS, .help = "diagnostics: details", .section = &diag,
     CONFIG_KEEP(struct config, diag), CONFIG_PLACE(struct config, at_diag)},
    {"metrics", CONFIG_SECTION, CONFIG_OURS, .help = "where to send metrics", .section = &metrics,
     CONFIG_KEEP(struct config, metrics)},
};
const struct config_section config_schema_top = {"top level", CONFIG_KEYS(top_keys)};

const struct config_key *config_schema_key(const struct config_section *section, const char *name)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++)
            if (strcmp(section->keys[i].name, name) == 0)
                return &section->keys[i];
    return NULL;
}

const struct config_variant *config_schema_variant(const struct config_variants *variants,
                                                   const char *name)
{
    for (size_t i = 0; i < variants->len; i++)
        if (strcmp(variants->items[i].name, name) == 0)
            return &variants->items[i];
    return NULL;
}

static bool is_destination(const struct config_section *section)
{
    for (size_t i = 0; i < config_schema_destinations.len; i++)
        if (config_schema_destinations.items[i].section == section)
            return true;
    return false;
}

const struct config_variant *config_schema_rightful(const struct config_section *section,
                                                    const char *name)
{
    const struct config_variants *all = &config_schema_destinations;
    for (size_t i = 0; is_destination(section) && i < all->len; i++)
        if (config_schema_key(all->items[i].section, name))
            return &all->items[i];
    return NULL;
}

const char *config_schema_suggest_key(const struct config_section *section, const char *wrong)
{
    struct config_suggest s = {.wrong = wrong};
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++)
            config_suggest_try(&s, section->keys[i].name);
    return s.best;
}

const char *config_schema_suggest_variant(const struct config_variants *variants, const char *wrong)
{
    struct config_suggest s = {.wrong = wrong};
    for (size_t i = 0; i < variants->len; i++)
        config_suggest_try(&s, variants->items[i].name);
    return s.best;
}
