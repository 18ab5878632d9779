/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_read.h"

#include "agent/config_value.h"

static RESULT must_be_map(struct config_report *report, const char *name,
                          const struct yaml_node *node)
{
    return config_report_error(report, node->at, "key '%s': must be a map, is %s", name,
                               yaml_tree_kind_name(node));
}

static RESULT report_unknown(struct config_report *report, const struct config_section *section,
                             const struct yaml_node *node)
{
    const struct config_variant *other = config_schema_rightful(section, node->key);
    if (other)
        return config_report_error(report, node->at_key,
                                   "key '%s': is for destination type '%s', not for '%s'",
                                   node->key, other->name, section->name);
    const char *near = config_schema_suggest_key(section, node->key);
    if (near)
        return config_report_error(report, node->at_key, "key '%.64s': unknown, did you mean '%s'?",
                                   node->key, near);
    return config_report_error(report, node->at_key, "key '%.64s': unknown", node->key);
}

static RESULT read_sections(struct config_report *report, const struct config_key *key,
                            const struct yaml_node *node)
{
    if (node->kind != YAML_LIST)
        return config_report_error(report, node->at, "key '%s': must be a list, is %s", key->name,
                                   yaml_tree_kind_name(node));
    for (const struct yaml_node *item = node->first; item; item = item->next)
        TRY(config_read_section(report, key->section, key->name, item, NULL));
    return NULL;
}

static RESULT read_value(struct config_report *report, const struct config_key *key,
                         const struct yaml_node *node, void *to)
{
    if (yaml_tree_is_null(node) || (key->flags & CONFIG_ELSEWHERE))
        return NULL;
    switch (key->kind) {
    case CONFIG_SECTION:
        return config_read_section(report, key->section, key->name, node, to);
    case CONFIG_SECTIONS:
        return read_sections(report, key, node);
    case CONFIG_DESTINATION:
        return config_read_destination(report, key->name, node, to);
    default:
        return config_value_read(report, key, node, to);
    }
}

static RESULT read_key(struct config_report *report, const struct config_key *key,
                       const struct yaml_node *node, char *to)
{
    bool is_kept = to && key->is_kept;
    TRY(read_value(report, key, node, is_kept ? to + key->offset : NULL));
    if (to && key->is_placed)
        *(struct config_at *)(void *)(to + key->at_offset) = node->at_key;
    if ((key->flags & CONFIG_NOT_BUILT) && !config_value_is_off(node))
        return config_report_error(report, node->at_key, "key '%s': is not built yet in this tbot",
                                   key->name);
    if ((key->flags & CONFIG_METHOD_ONLY) && !config_value_is_off(node))
        return config_report_warning(report, node->at_key,
                                     "key '%s': has no effect, it belongs to another join method",
                                     key->name);
    return NULL;
}

static RESULT report_missing(struct config_report *report, const struct config_section *section,
                             const struct yaml_node *map)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            if (!(key->flags & CONFIG_REQUIRED))
                continue;
            const struct yaml_node *node = yaml_tree_get(map, key->name);
            if (!node || config_value_is_empty(node))
                TRY(config_report_error(report, node ? node->at : map->at, "key '%s': required",
                                        key->name));
        }
    return NULL;
}

struct err *config_read_section(struct config_report *report, const struct config_section *section,
                                const char *name, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_MAP)
        return must_be_map(report, name, node);
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        const struct config_key *key = config_schema_key(section, child->key);
        if (key)
            TRY(read_key(report, key, child, to));
        else
            TRY(report_unknown(report, section, child));
    }
    return report_missing(report, section, node);
}

struct err *config_read_variant(struct config_report *report,
                                const struct config_variants *variants, const struct yaml_node *map,
                                const struct config_variant **ret)
{
    const struct yaml_node *type = yaml_tree_get(map, "type");
    *ret = NULL;
    if (!type || config_value_is_empty(type))
        return config_report_error(report, type ? type->at : map->at, "key 'type': required");
    if (type->kind != YAML_SCALAR)
        return config_report_error(report, type->at, "key 'type': must be text, is %s",
                                   yaml_tree_kind_name(type));
    *ret = config_schema_variant(variants, type->text);
    if (!*ret) {
        const char *near = config_schema_suggest_variant(variants, type->text);
        return config_report_error(report, type->at, "key 'type': no %s '%.80s'%s%s%s",
                                   variants->what, type->text, near ? ", did you mean '" : "",
                                   near ? near : "", near ? "'?" : "");
    }
    if (!(*ret)->is_built)
        return config_report_error(report, type->at,
                                   "key 'type': %s '%s' is not built yet in this tbot",
                                   variants->what, type->text);
    return NULL;
}

struct err *config_read_destination(struct config_report *report, const char *name,
                                    const struct yaml_node *node, struct config_destination *to)
{
    if (to) {
        config_destination_release(to);
        to->at = node->at;
    }
    if (node->kind == YAML_LIST)
        return must_be_map(report, name, node);
    if (node->kind == YAML_SCALAR) {
        if (node->text[0] == '\0')
            return config_report_error(report, node->at, "key '%s': the path is empty", name);
        if (!to)
            return NULL;
        to->type = CONFIG_DESTINATION_DIRECTORY;
        return config_value_set_text(&to->path, node->text);
    }
    const struct config_variant *variant = NULL;
    TRY(config_read_variant(report, &config_schema_destinations, node, &variant));
    if (!variant)
        return NULL;
    if (!variant->is_built)
        return config_read_section(report, variant->section, name, node, NULL);
    if (to)
        to->type = variant->type;
    return config_read_section(report, variant->section, name, node, to);
}
