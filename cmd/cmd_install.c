/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd_install.h"

static const struct command sub_commands[] = {
    {"systemd", "a unit for the service manager", cmd_install_systemd},
    {0},
};

static const struct command_help help = {
    .usage = "tbot install COMMAND [options]",
    .about = "Has this machine run tbot. 'tbot install COMMAND --help' explains each command.\n",
    .commands = sub_commands,
};

int cmd_install(struct globals *globals, int argc, char **argv)
{
    struct opt_set set = globals_set(globals);
    int used = 0;
    struct err *e = opts_parse_leading(&set, 1, argc, argv, &used);
    if (e)
        return command_fail(e);
    const struct command *sub = used < argc ? command_find(sub_commands, argv[used]) : NULL;
    if (sub)
        return sub->run(globals, argc - used - 1, argv + used + 1);
    if (used < argc)
        return command_fail(
            err_new(ERR_USAGE, "no command 'install %s', there is 'install systemd'", argv[used]));
    if (globals->help)
        return command_help(&help, &set, 1);
    return command_fail(err_new(ERR_USAGE, "install what? See 'tbot install --help'"));
}
