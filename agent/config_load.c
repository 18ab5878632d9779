/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include "agent/config_check.h"
#include "agent/config_join_uri.h"
#include "agent/config_read.h"
#include "agent/config_value.h"

#include <errno.h>
#include <string.h>

static bool is_given(const struct yaml_node *node)
{
    return node && !yaml_tree_is_null(node);
}

/* Files of the first format differ in everything: complaining about each key would help nobody. */
static RESULT check_version(struct config_report *report, const struct yaml_node *root,
                            bool *ret_is_v2)
{
    static const char remedy[] = "convert the file with the Go tbot: tbot migrate -c OLD -o NEW";
    const struct yaml_node *version = yaml_tree_get(root, "version");
    *ret_is_v2 = false;
    if (!is_given(version))
        return config_report_error(
            report, root->at,
            "key 'version': required; write 'version: v2'. A file without it "
            "is in the old format v1, which this tbot does not read: %s",
            remedy);
    if (version->kind == YAML_SCALAR && strcmp(version->text, "v2") == 0) {
        *ret_is_v2 = true;
        return NULL;
    }
    if (version->kind == YAML_SCALAR && strcmp(version->text, "v1") == 0)
        return config_report_error(report, version->at,
                                   "key 'version': this tbot does not read the old format 'v1': %s",
                                   remedy);
    return config_report_error(report, version->at, "key 'version': must be 'v2'");
}

static RESULT read_old_ttl(struct config_report *report, const struct yaml_node *root,
                           struct config *config)
{
    const struct yaml_node *old = yaml_tree_get(root, "certificate_ttl");
    if (!is_given(old))
        return NULL;
    bool is_beaten = is_given(yaml_tree_get(root, "credential_ttl"));
    struct config_key key = {
        .name = "certificate_ttl", .kind = CONFIG_DURATION, .flags = CONFIG_POSITIVE};
    TRY(config_value_read(report, &key, old, is_beaten ? NULL : &config->credential_ttl));
    if (!is_beaten)
        config->at_credential_ttl = old->at_key;
    return config_report_warning(report, old->at_key,
                                 "key 'certificate_ttl': is the old name of 'credential_ttl'%s",
                                 is_beaten ? ", which is set too and wins" : "");
}

/* The address, method and token of a join URI may not be given a second time. */
static RESULT refuse_beside_uri(struct config_report *report, const struct yaml_node *map)
{
    static const char *const keys[] = {"auth_server", "proxy_server", "join_method", "token"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const struct yaml_node *node = yaml_tree_get(map, keys[i]);
        if (node && !config_value_is_empty(node))
            TRY(config_report_error(report, node->at_key, "key '%s': 'join_uri' says it already",
                                    keys[i]));
    }
    return NULL;
}

static RESULT read_join_uri(struct config_report *report, const struct yaml_node *root,
                            struct config *config)
{
    const struct yaml_node *node = yaml_tree_get(root, "join_uri");
    if (!node || config_value_is_empty(node))
        return NULL;
    if (node->kind != YAML_SCALAR)
        return config_report_error(report, node->at, "key 'join_uri': must be text");
    TRY(refuse_beside_uri(report, root));
    TRY(refuse_beside_uri(report, yaml_tree_get(root, "onboarding")));
    CLEANUP(err_freep) struct err *e = config_join_uri_apply(node->text, config);
    if (!e)
        return NULL;
    if (err_code(e) != ERR_CONFIG)
        return TAKE(e);
    CLEANUP(freep) char *text = err_text(e);
    return config_report_error(report, node->at, "key 'join_uri': %s", text ? text : "is wrong");
}

static RESULT read_service(struct config_report *report, const struct yaml_node *node,
                           const char *name, struct config *config)
{
    if (node->kind != YAML_MAP)
        return config_report_error(report, node->at, "key '%s': every item must be a map, is %s",
                                   name, yaml_tree_kind_name(node));
    const struct config_variant *variant = NULL;
    TRY(config_read_variant(report, &config_schema_services, node, &variant));
    if (!variant)
        return NULL;
    if (!variant->is_built)
        return config_read_section(report, variant->section, name, node, NULL);
    struct config_service *service = NULL;
    TRY(config_add_service(config, variant->type, &service));
    service->at = node->at;
    return config_read_section(report, variant->section, name, node, service);
}

static RESULT read_services(struct config_report *report, const struct yaml_node *root,
                            const char *key, struct config *config)
{
    const struct yaml_node *list = yaml_tree_get(root, key);
    if (!is_given(list))
        return NULL;
    if (list->kind != YAML_LIST)
        return config_report_error(report, list->at, "key '%s': must be a list, is %s", key,
                                   yaml_tree_kind_name(list));
    if (yaml_tree_count(list) + config->n_services > CONFIG_MAX_SERVICES)
        return config_report_error(report, list->at, "key '%s': more than %d services", key,
                                   CONFIG_MAX_SERVICES);
    for (const struct yaml_node *node = list->first; node; node = node->next)
        TRY(read_service(report, node, key, config));
    return NULL;
}

static RESULT read_root(struct config_report *report, const struct yaml_node *root,
                        struct config *config)
{
    if (root->kind != YAML_MAP)
        return config_report_error(report, root->at, "a configuration is a map, this is %s",
                                   yaml_tree_kind_name(root));
    bool is_v2 = false;
    TRY(check_version(report, root, &is_v2));
    if (!is_v2)
        return NULL;
    TRY(config_read_section(report, &config_schema_top, "top level", root, config));
    TRY(read_old_ttl(report, root, config));
    TRY(read_join_uri(report, root, config));
    TRY(read_services(report, root, "services", config));
    TRY(read_services(report, root, "outputs", config));
    return config_check_contradictions(config, report);
}

struct err *config_parse(const char *file, struct bytes text, struct config **ret)
{
    CLEANUP(config_freep) struct config *config = NULL;
    TRY(config_new(&config));
    TRY(config_value_set_text(&config->file, file));
    CLEANUP(config_report_release) struct config_report report = {.file = file};
    CLEANUP(yaml_tree_freep) struct yaml_node *root = NULL;
    TRY(yaml_tree_parse(text, &report, &root));
    if (root)
        TRY(read_root(&report, root, config));
    if (!config->onboarding.token)
        TRY(sha256_hex(text, config->file_hash));
    TRY(config_report_result(&report));
    TRY(config_report_take_warnings(&report, &config->warnings));
    *ret = TAKE(config);
    return NULL;
}

/* A secret all the way: the token may be in it. */
static RESULT read_stdin(struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(secret_with_room(CONFIG_MAX_SIZE, &text));
    for (;;) {
        char chunk[4096];
        ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(ERR_STORAGE, errno, "reading standard input");
        if (n == 0)
            break;
        struct err *e = secret_append(text, chunk, (size_t)n);
        secret_wipe(chunk, sizeof(chunk));
        TRY_CTX(e, "reading standard input");
    }
    *ret = TAKE(text);
    return NULL;
}

static RESULT read_file(const char *path, struct secret **ret)
{
    struct err *e = file_read_secret(path, CONFIG_MAX_SIZE, ret);
    if (e && !err_hint(e))
        e = err_set_hint(e, "Name a file that is there, and that the user who runs tbot may read.");
    return e ? err_wrap(e, "reading the configuration") : NULL;
}

struct err *config_load(const char *path, struct config **ret)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    bool is_stdin = strcmp(path, "-") == 0;
    TRY(is_stdin ? read_stdin(&text) : read_file(path, &text));
    return config_parse(is_stdin ? "<stdin>" : path, secret_bytes(text), ret);
}
