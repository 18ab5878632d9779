/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/help_config.h"

#include "agent/config_schema.h"

static const char *const kind_names[] = {
    [CONFIG_TEXT] = "text",         [CONFIG_BOOL] = "true/false",
    [CONFIG_ON_OFF] = "on/off",     [CONFIG_INTEGER] = "number",
    [CONFIG_DURATION] = "duration", [CONFIG_CHOICE] = "one of",
    [CONFIG_TEXTS] = "list",        [CONFIG_LABELS] = "map",
    [CONFIG_SECTION] = "map",       [CONFIG_SECTIONS] = "list of maps",
    [CONFIG_DESTINATION] = "place", [CONFIG_READERS] = "list",
    [CONFIG_TOKEN] = "text",        [CONFIG_METHOD] = "text",
};

static void print_key(FILE *to, const struct config_key *key)
{
    fprintf(to, "  %-20s %-12s %s", key->name, kind_names[key->kind], key->help);
    for (const char *const *choice = key->choices; choice && *choice; choice++)
        fprintf(to, "%s%s", choice == key->choices ? ": " : ", ", *choice);
    fprintf(to, "%s\n", key->flags & CONFIG_REQUIRED ? " (required)" : "");
}

static bool is_built(const struct config_key *key)
{
    return !(key->flags & (CONFIG_NOT_BUILT | CONFIG_METHOD_ONLY));
}

static void print_keys(FILE *to, const char *title, const struct config_section *section)
{
    fprintf(to, "\n%s\n", title);
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++)
            if (is_built(&section->keys[i]))
                print_key(to, &section->keys[i]);
}

/* The maps inside `section`, and those inside of them, each by its path: 'diag.tls'. */
static void print_maps(FILE *to, const char *path, const struct config_section *section)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            char inner[80], title[96];
            if (key->kind != CONFIG_SECTION || !is_built(key))
                continue;
            snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", key->name);
            snprintf(title, sizeof(title), "Under '%s'", inner);
            print_keys(to, title, key->section);
            print_maps(to, inner, key->section);
        }
}

static void print_section(FILE *to, const char *title, const struct config_section *section)
{
    print_keys(to, title, section);
    print_maps(to, "", section);
}

static void print_variants(FILE *to, const char *title, const struct config_variants *variants)
{
    for (size_t i = 0; i < variants->len; i++) {
        const struct config_variant *variant = &variants->items[i];
        char line[160];
        if (!variant->is_built)
            continue;
        snprintf(line, sizeof(line), "%s '%s': %s", title, variant->name, variant->help);
        if (variant->section)
            print_section(to, line, variant->section);
        else
            fprintf(to, "\n%s\n", line);
    }
}

static void print_not_built(FILE *to, const char *title, const struct config_variants *variants)
{
    fprintf(to, "\n%s known and not built yet:", title);
    for (size_t i = 0; i < variants->len; i++)
        if (!variants->items[i].is_built)
            fprintf(to, " %s", variants->items[i].name);
    fputc('\n', to);
}

static void print_keys_not_built(FILE *to)
{
    fputs("\nKeys known and not built yet:", to);
    for (size_t i = 0; i < config_schema_top.n_keys; i++)
        if (!is_built(&config_schema_top.keys[i]))
            fprintf(to, " %s", config_schema_top.keys[i].name);
    fputc('\n', to);
}

void help_config_print(FILE *to)
{
    fputs("The configuration is one YAML file. Durations are such as 90s, 20m, 1h30m. A place is\n"
          "a path, or a map with 'type'. The manual page tbot.yaml(5) says more.\n",
          to);
    print_section(to, "Top level", &config_schema_top);
    print_variants(to, "Join method", &config_schema_join_methods);
    print_variants(to, "Place of type", &config_schema_destinations);
    print_variants(to, "Service of type", &config_schema_services);
    print_keys_not_built(to);
    print_not_built(to, "Join methods", &config_schema_join_methods);
    print_not_built(to, "Places", &config_schema_destinations);
    print_not_built(to, "Services", &config_schema_services);
}
