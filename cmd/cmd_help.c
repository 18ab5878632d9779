/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"
#include "cmd/help_config.h"

#include <string.h>

#define TOPICS_MAX 48

/* What may stand behind `help`: the commands that are shown, and "config". */
static const char *const *collect_topics(void)
{
    static const char *topics[TOPICS_MAX + 1];
    size_t n = 0;
    for (const struct command *command = command_table; command->name; command++)
        if (command->summary && n < TOPICS_MAX - 1)
            topics[n++] = command->name;
    topics[n] = "config";
    return topics;
}

static int overview(struct globals *globals)
{
    struct opt_set set = globals_set(globals);
    if (globals->reader) {
        const struct command_help help = {.operands = collect_topics()};
        return command_help(&help, &set, 1);
    }
    printf(
        "Usage: tbot [options] COMMAND [options]\n\n"
        "tbot joins a Teleport cluster as a machine, keeps its short-lived identity renewed, and\n"
        "writes credentials made from it. It keeps serving them while the cluster is away.\n\n"
        "Commands:\n");
    command_print_table(stdout, command_table);
    opts_print_help(stdout, &set, 1);
    printf(
        "\n'tbot help COMMAND' explains a command, 'tbot help config' the configuration file.\n");
    return 0;
}

/* The command itself knows its help best: it is asked for it. */
static int ask_command(struct globals *globals, int argc, char **argv)
{
    const struct command *command = command_find(command_table, argv[0]);
    if (!command)
        return command_fail(command_refuse(argv[0]));
    globals->help = 2;
    return command->run(globals, argc - 1, argv + 1);
}

int cmd_help(struct globals *globals, int argc, char **argv)
{
    struct opt_set set = globals_set(globals);
    int n_operands = 0;
    struct err *e = opts_parse(&set, 1, argc, argv, &n_operands);
    if (e)
        return command_fail(e);
    if (n_operands == 0 || strcmp(argv[0], "help") == 0)
        return overview(globals);
    if (strcmp(argv[0], "config") == 0) {
        help_config_print(stdout);
        return 0;
    }
    return ask_command(globals, n_operands, argv);
}
