/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_value.h"

#include <errno.h>
#include <string.h>

static const char *const words_true[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                         "on",   "On",   "ON",   "y",   "Y",   NULL};
static const char *const words_false[] = {"false", "False", "FALSE", "no", "No", "NO",
                                          "off",   "Off",   "OFF",   "n",  "N",  NULL};

static bool is_among(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

bool config_value_is_empty(const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR)
        return !node->first;
    return yaml_tree_is_null(node) || node->text[0] == '\0';
}

bool config_value_is_off(const struct yaml_node *node)
{
    return config_value_is_empty(node) ||
           (node->kind == YAML_SCALAR && is_among(node->text, words_false));
}

struct err *config_value_set_text(char **to, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return err_nomem();
    free(*to);
    *to = copy;
    return NULL;
}

static RESULT wrong_kind(struct config_report *report, const char *name,
                         const struct yaml_node *node, const char *wanted)
{
    return config_report_error(report, node->at, "key '%s': must be %s, is %s", name, wanted,
                               yaml_tree_kind_name(node));
}

static RESULT wrong_value(struct config_report *report, const char *name,
                          const struct yaml_node *node, const char *wanted)
{
    return config_report_error(report, node->at, "key '%s': '%.80s' is not %s", name, node->text,
                               wanted);
}

static RESULT read_text(struct config_report *report, const struct config_key *key,
                        const struct yaml_node *node, void *to)
{
    (void)report, (void)key;
    return to ? config_value_set_text(to, node->text) : NULL;
}

/* In quotes it would be text, for Go tbot as for us. */
static RESULT read_bool(struct config_report *report, const struct config_key *key,
                        const struct yaml_node *node, void *to)
{
    bool is_true = is_among(node->text, words_true);
    if (!node->is_plain || (!is_true && !is_among(node->text, words_false)))
        return wrong_value(report, key->name, node,
                           node->is_plain ? "true or false" : "true or false (without quotes)");
    if (to)
        *(bool *)to = is_true;
    return NULL;
}

static RESULT read_on_off(struct config_report *report, const struct config_key *key,
                          const struct yaml_node *node, void *to)
{
    bool is_on = strcmp(node->text, "on") == 0;
    if (!is_on && strcmp(node->text, "off") != 0)
        return wrong_value(report, key->name, node, "'on' or 'off'");
    if (to)
        *(bool *)to = is_on;
    return NULL;
}

static RESULT read_integer(struct config_report *report, const struct config_key *key,
                           const struct yaml_node *node, void *to)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(node->text, &end, 10);
    if (errno || end == node->text || *end || !node->is_plain)
        return wrong_value(report, key->name, node, "a whole number");
    if (to)
        *(int64_t *)to = value;
    return NULL;
}

static RESULT read_duration(struct config_report *report, const struct config_key *key,
                            const struct yaml_node *node, void *to)
{
    struct dur value = {0};
    CLEANUP(err_freep) struct err *e = dur_parse(node->text, &value);
    if (err_code(e) == ERR_NOMEM)
        return TAKE(e);
    if (e)
        return wrong_value(report, key->name, node, "a duration such as 90s, 20m or 1h30m");
    if ((key->flags & CONFIG_POSITIVE) && value.ns <= 0)
        return wrong_value(report, key->name, node, "more than nothing");
    if (to)
        *(struct dur *)to = value;
    return NULL;
}

static RESULT list_choices(const char *const *choices, struct strlist *ret)
{
    for (; *choices; choices++)
        if (**choices)
            TRY(strlist_add(ret, *choices));
    return NULL;
}

static RESULT read_choice(struct config_report *report, const struct config_key *key,
                          const struct yaml_node *node, void *to)
{
    for (unsigned i = 0; key->choices[i]; i++) {
        if (strcmp(node->text, key->choices[i]) != 0)
            continue;
        if (to)
            *(unsigned *)to = i;
        return NULL;
    }
    CLEANUP(strlist_release) struct strlist names = {0};
    TRY(list_choices(key->choices, &names));
    CLEANUP(freep) char *all = strlist_join(&names, ", ");
    if (!all)
        return err_nomem();
    return config_report_error(report, node->at, "key '%s': '%.80s' is not one of %s", key->name,
                               node->text, all);
}

static RESULT read_method(struct config_report *report, const struct config_key *key,
                          const struct yaml_node *node, void *to)
{
    const struct config_variants *all = &config_schema_join_methods;
    const struct config_variant *method = config_schema_variant(all, node->text);
    if (!method) {
        const char *near = config_schema_suggest_variant(all, node->text);
        return config_report_error(report, node->at, "key '%s': no join method '%.80s'%s%s%s",
                                   key->name, node->text, near ? ", did you mean '" : "",
                                   near ? near : "", near ? "'?" : "");
    }
    if (!method->is_built)
        return config_report_error(report, node->at,
                                   "key '%s': join method '%s' is not built yet in this tbot",
                                   key->name, method->name);
    if (to)
        *(const char **)to = method->name;
    return NULL;
}

static RESULT read_token(struct config_report *report, const struct config_key *key,
                         const struct yaml_node *node, void *to)
{
    (void)report, (void)key;
    return to ? config_onboarding_set_token(to, bytes_of_str(node->text)) : NULL;
}

static RESULT read_texts(struct config_report *report, const struct config_key *key,
                         const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_LIST)
        return wrong_kind(report, key->name, node, "a list of texts");
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (item->kind != YAML_SCALAR || yaml_tree_is_null(item))
            TRY(config_report_error(report, item->at, "key '%s': every item must be text",
                                    key->name));
        else if (to)
            TRY(strlist_add(to, item->text));
    }
    return NULL;
}

static bool is_label(const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        return true;
    if (node->kind != YAML_LIST)
        return false;
    for (const struct yaml_node *item = node->first; item; item = item->next)
        if (item->kind != YAML_SCALAR)
            return false;
    return true;
}

static RESULT add_label(struct config_labels *to, const char *name, const char *value)
{
    struct config_label *items = reallocarray(to->items, to->len + 1, sizeof(*items));
    if (!items)
        return err_nomem();
    to->items = items;
    items[to->len] = (struct config_label){strdup(name), strdup(value)};
    struct config_label *added = &items[to->len++];
    return added->name && added->value ? NULL : err_nomem();
}

static RESULT read_labels(struct config_report *report, const struct config_key *key,
                          const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_MAP)
        return wrong_kind(report, key->name, node, "a map of names to text");
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        bool is_good = to ? item->kind == YAML_SCALAR : is_label(item);
        if (!is_good)
            TRY(config_report_error(report, item->at, "key '%s': label '%.64s' must be text%s",
                                    key->name, item->key, to ? "" : " or a list of texts"));
        else if (to)
            TRY(add_label(to, item->key, item->text));
    }
    return NULL;
}

static const struct yaml_node *sole_child(const struct yaml_node *node)
{
    return node->kind == YAML_MAP && node->first && !node->first->next ? node->first : NULL;
}

/* One of {user: x} and {group: x}. */
static RESULT read_reader(struct config_report *report, const struct config_key *key,
                          const struct yaml_node *node, struct config_destination *to)
{
    const struct yaml_node *who = sole_child(node);
    bool is_group = who && strcmp(who->key, "group") == 0;
    if (!who || who->kind != YAML_SCALAR || who->text[0] == '\0' ||
        (!is_group && strcmp(who->key, "user") != 0))
        return config_report_error(
            report, node->at, "key '%s': every item must be 'user: …' or 'group: …'", key->name);
    return to ? config_destination_add_reader(to, is_group, who->text) : NULL;
}

static RESULT read_readers(struct config_report *report, const struct config_key *key,
                           const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_LIST)
        return wrong_kind(report, key->name, node, "a list of readers");
    for (const struct yaml_node *item = node->first; item; item = item->next)
        TRY(read_reader(report, key, item, to));
    return NULL;
}

typedef struct err *read_fn(struct config_report *report, const struct config_key *key,
                            const struct yaml_node *node, void *to);

static const struct {
    read_fn *read;
    bool is_scalar;
} kinds[] = {
    [CONFIG_TEXT] = {read_text, true},         [CONFIG_BOOL] = {read_bool, true},
    [CONFIG_ON_OFF] = {read_on_off, true},     [CONFIG_INTEGER] = {read_integer, true},
    [CONFIG_DURATION] = {read_duration, true}, [CONFIG_CHOICE] = {read_choice, true},
    [CONFIG_METHOD] = {read_method, true},     [CONFIG_TOKEN] = {read_token, true},
    [CONFIG_TEXTS] = {read_texts, false},      [CONFIG_LABELS] = {read_labels, false},
    [CONFIG_READERS] = {read_readers, false},
};

struct err *config_value_read(struct config_report *report, const struct config_key *key,
                              const struct yaml_node *node, void *to)
{
    if (yaml_tree_is_null(node))
        return NULL;
    if (kinds[key->kind].is_scalar && node->kind != YAML_SCALAR)
        return wrong_kind(report, key->name, node, "text");
    return kinds[key->kind].read(report, key, node, to);
}
