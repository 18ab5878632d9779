/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/completion.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* --- asking the commands --- */

/* The entry that one command's help becomes. */
struct reading {
    struct completion_command *entry;
    bool is_sub; /* its help may be its command's own, with the same sub-commands */
    bool was_told;
    struct err *error;
};

static RESULT keep_options(struct completion_command *entry, const struct opt_set *sets,
                           size_t n_sets)
{
    size_t n = 0;
    for (size_t s = 0; s < n_sets; s++)
        n += sets[s].n_opts;
    entry->opts = calloc(n + 1, sizeof(const struct opt *));
    if (!entry->opts)
        return err_nomem();
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s].n_opts; i++)
            if (opts_is_shown(&sets[s].opts[i]))
                entry->opts[entry->n_opts++] = &sets[s].opts[i];
    return NULL;
}

static void take_help(void *to, const struct command_help *help, const struct opt_set *sets,
                      size_t n_sets)
{
    struct reading *r = to;
    if (r->was_told)
        return;
    r->was_told = true;
    r->entry->commands = r->is_sub ? NULL : help->commands;
    r->entry->operands = help->operands;
    r->error = keep_options(r->entry, sets, n_sets);
}

/* Adds an entry; it takes over `path`, NULL for no memory. */
static RESULT add(struct completion *c, char *path, struct completion_command **ret)
{
    struct completion_command *commands =
        path ? reallocarray(c->commands, c->len + 1, sizeof(*commands)) : NULL;
    if (!commands) {
        free(path);
        return err_nomem();
    }
    c->commands = commands;
    *ret = &commands[c->len++];
    **ret = (struct completion_command){.path = path};
    return NULL;
}

/* `sub` is NULL for the command itself. */
static RESULT ask(struct completion *c, const struct command *command, const char *sub)
{
    char path[64];
    struct reading reading = {.is_sub = sub};
    const struct help_reader reader = {take_help, &reading};
    struct globals globals = {.help = SWITCH_ON, .reader = &reader};
    CLEANUP(freep) char *word = strdup(sub ? sub : "");
    if (!word)
        return err_nomem();
    snprintf(path, sizeof(path), "%s%s%s", command->name, sub ? " " : "", word);
    TRY(add(c, strdup(path), &reading.entry));
    (void)command->run(&globals, sub ? 1 : 0, &word);
    TRY(reading.error);
    return reading.was_told ? NULL : err_new(ERR_BUG, "command '%s' does not tell its help", path);
}

static RESULT ask_with_sub_commands(struct completion *c, const struct command *command)
{
    TRY(ask(c, command, NULL));
    const struct command *sub = c->commands[c->len - 1].commands;
    for (; sub && sub->name; sub++)
        TRY(ask(c, command, sub->name));
    return NULL;
}

/* The program itself: its commands, and the options that may stand before them. */
static RESULT add_program(struct completion *c)
{
    struct globals globals = {0};
    const struct opt_set set = globals_set(&globals);
    struct completion_command *entry = NULL;
    TRY(add(c, strdup(""), &entry));
    entry->commands = command_table;
    return keep_options(entry, &set, 1);
}

struct err *completion_gather(struct completion *c)
{
    TRY(add_program(c));
    for (const struct command *command = command_table; command->name; command++)
        TRY(ask_with_sub_commands(c, command));
    return NULL;
}

void completion_release(struct completion *c)
{
    for (size_t i = 0; i < c->len; i++) {
        free(c->commands[i].path);
        free(c->commands[i].opts);
    }
    free(c->commands);
    *c = (struct completion){0};
}

/* --- what the scripts share --- */

enum completion_value completion_value_of(const struct opt *opt)
{
    static const struct {
        const char *arg;
        enum completion_value value;
    } places[] = {
        {"FILE", COMPLETION_FILES},
        {"PATH", COMPLETION_FILES},
        {"DIR", COMPLETION_DIRECTORIES},
        {"PLACE", COMPLETION_DIRECTORIES},
    };
    if (opt->kind == OPT_SWITCH || opt->implied)
        return COMPLETION_NO_VALUE;
    if (opt->choices)
        return COMPLETION_CHOICES;
    for (size_t i = 0; opt->arg && i < sizeof(places) / sizeof(*places); i++)
        if (strcmp(opt->arg, places[i].arg) == 0)
            return places[i].value;
    return COMPLETION_ANY;
}

void completion_print_operands(FILE *to, const struct completion_command *c)
{
    fputs("        operands=(", to);
    for (const char *const *word = c->operands; word && *word; word++)
        fprintf(to, " %s", *word);
    fputs(" )\n", to);
}

static void print_value(FILE *to, const struct opt *opt)
{
    static const char *const names[] = {
        [COMPLETION_ANY] = "any",
        [COMPLETION_FILES] = "files",
        [COMPLETION_DIRECTORIES] = "directories",
        [COMPLETION_CHOICES] = "choices",
    };
    enum completion_value value = completion_value_of(opt);
    if (value == COMPLETION_NO_VALUE)
        return;
    fprintf(to, "        --%s", opt->name);
    if (opt->letter)
        fprintf(to, " | -%c", opt->letter);
    fprintf(to, ") value=%s", names[value]);
    if (value == COMPLETION_CHOICES) {
        fputs(" choices=(", to);
        for (const char *const *choice = opt->choices; *choice; choice++)
            fprintf(to, " %s", *choice);
        fputs(" )", to);
    }
    fputs(" ;;\n", to);
}

void completion_print_values(FILE *to, const struct completion_command *c)
{
    fputs("        case ${2-} in\n", to);
    for (size_t i = 0; i < c->n_opts; i++)
        print_value(to, c->opts[i]);
    fputs("        esac\n", to);
}

static void quote(FILE *to, const char *text, size_t len, enum completion_quotes quotes)
{
    const char *apostrophe = quotes == COMPLETION_FISH ? "\\'" : "'\\''";
    fputc('\'', to);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'')
            fputs(apostrophe, to);
        else if (text[i] == '\\' && quotes == COMPLETION_FISH)
            fputs("\\\\", to);
        else
            fputc(text[i], to);
    }
    fputc('\'', to);
}

void completion_quote(FILE *to, const char *text, enum completion_quotes quotes)
{
    quote(to, text, strlen(text), quotes);
}

/* Behind a colon help lists the choices; a shell does that itself. */
void completion_quote_help(FILE *to, const struct opt *opt, enum completion_quotes quotes)
{
    size_t len = strlen(opt->help);
    quote(to, opt->help, len > 0 && opt->help[len - 1] == ':' ? len - 1 : len, quotes);
}
