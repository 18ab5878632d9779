/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

static const struct command_help help = {
    .usage = "tbot version",
    .about = "Prints the version of this program.\n",
};

int cmd_version(struct globals *globals, int argc, char **argv)
{
    struct opt_set set = globals_set(globals);
    int n_operands = 0;
    struct err *e = opts_parse(&set, 1, argc, argv, &n_operands);
    if (e)
        return command_fail(e);
    if (globals->help)
        return command_help(&help, &set, 1);
    if (n_operands > 0)
        return command_fail(err_new(ERR_USAGE, "unexpected '%s' behind 'version'", argv[0]));
    printf("tbot v%s\n", TBOT_VERSION);
    return 0;
}
