/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include "agent/config_suggest.h"
#include "base/strlist.h"

#include <string.h>

static const char *const log_formats[] = {"text", "json", NULL};

static const struct opt global_opts[] = {
    {"config", 'c', OPT_TEXT, .arg = "FILE", .env = "TBOT_CONFIG_PATH",
     .help = "configuration file, - for standard input",
     .offset = offsetof(struct globals, config_path)},
    {"debug", 'd', OPT_SWITCH, .env = "TBOT_DEBUG", .help = "log more, allow profiles",
     .offset = offsetof(struct globals, debug)},
    {"log-format", .kind = OPT_TEXT, .arg = "FORMAT", .help = "form of the log:",
     .choices = log_formats, .offset = offsetof(struct globals, log_format)},
    {"insecure", .kind = OPT_SWITCH,
     .help = "join without checking the cluster's certificate; never in production",
     .offset = offsetof(struct globals, insecure)},
    {"help", 'h', OPT_SWITCH, .flags = OPT_NO_TWIN, .help = "this text",
     .offset = offsetof(struct globals, help)},
    {"fips", .kind = OPT_SWITCH, .flags = OPT_NOT_BUILT, .help = "FIPS cryptography only",
     .offset = offsetof(struct globals, fips)},
    {"config-string", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT | OPT_HIDDEN,
     .help = "configuration in base64", .offset = offsetof(struct globals, not_built)},
    {"trace", .kind = OPT_SWITCH, .flags = OPT_NOT_BUILT | OPT_HIDDEN, .help = "send traces",
     .offset = offsetof(struct globals, trace)},
    {"trace-exporter", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT | OPT_HIDDEN,
     .help = "where to send them", .offset = offsetof(struct globals, not_built)},
    {"cpu-profile", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT | OPT_HIDDEN, .help = "file",
     .offset = offsetof(struct globals, not_built)},
    {"mem-profile", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT | OPT_HIDDEN, .help = "file",
     .offset = offsetof(struct globals, not_built)},
    {"trace-profile", .kind = OPT_TEXT, .flags = OPT_NOT_BUILT | OPT_HIDDEN, .help = "file",
     .offset = offsetof(struct globals, not_built)},
};

/* Commands of the Go tbot that are still to come. */
static const char *const not_built[] = {
    "copy-binaries",
    "db",
    "init",
    "keypair",
    "kube",
    "migrate",
    "proxy",
    "spiffe-inspect",
    "ssh-multiplexer-proxy-command",
    "tpm",
};

struct opt_set globals_set(struct globals *globals)
{
    return (struct opt_set){"Everywhere", global_opts, sizeof(global_opts) / sizeof(*global_opts),
                            globals};
}

/* Who asked: every help shows the options that may stand anywhere. */
static const struct help_reader *find_reader(const struct opt_set *sets, size_t n_sets)
{
    for (size_t s = 0; s < n_sets; s++)
        if (sets[s].opts == global_opts)
            return ((const struct globals *)sets[s].values)->reader;
    return NULL;
}

void command_print_table(FILE *to, const struct command *table)
{
    for (const struct command *command = table; command->name; command++)
        if (command->summary)
            fprintf(to, "  %-14s %s\n", command->name, command->summary);
}

int command_help(const struct command_help *help, const struct opt_set *sets, size_t n_sets)
{
    const struct help_reader *reader = find_reader(sets, n_sets);
    if (reader) {
        reader->read(reader->to, help, sets, n_sets);
        return 0;
    }
    printf("Usage: %s\n\n%s", help->usage, help->about);
    if (help->commands) {
        puts("\nCommands:");
        command_print_table(stdout, help->commands);
    }
    opts_print_help(stdout, sets, n_sets);
    if (help->examples)
        printf("\nExamples:\n%s", help->examples);
    return 0;
}

/* Each line of the text on its own: a configuration may have many mistakes. */
static void print_lines(const char *prefix, const char *text)
{
    while (*text) {
        int len = (int)strcspn(text, "\n");
        fprintf(stderr, "tbot: %s%.*s\n", prefix, len, text);
        text += len + (text[len] == '\n');
    }
}

int command_fail(struct err *e)
{
    if (!e)
        return 0;
    CLEANUP(freep) char *text = err_text(e);
    print_lines("", text ? text : "out of memory");
    if (err_hint(e))
        print_lines("", err_hint(e));
    int code = err_code(e) == ERR_USAGE ? 2 : 1;
    err_free(e);
    return code;
}

void command_warn(const struct strlist *warnings)
{
    for (size_t i = 0; i < warnings->len; i++)
        print_lines("warning: ", warnings->items[i]);
}

const struct command *command_find(const struct command *table, const char *name)
{
    for (const struct command *command = table; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

struct err *command_refuse(const char *name)
{
    for (size_t i = 0; i < sizeof(not_built) / sizeof(*not_built); i++)
        if (strcmp(not_built[i], name) == 0)
            return err_new(ERR_USAGE, "command '%s' is not built yet in this tbot", name);
    struct config_suggest near = {.wrong = name};
    for (const struct command *command = command_table; command->name; command++)
        if (command->summary)
            config_suggest_try(&near, command->name);
    if (near.best)
        return err_new(ERR_USAGE, "no command '%s', did you mean '%s'?", name, near.best);
    return err_new(ERR_USAGE, "no command '%s', see 'tbot help'", name);
}
