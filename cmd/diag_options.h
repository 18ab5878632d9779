/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_DIAG_OPTIONS_H
#define TBOT_CMD_DIAG_OPTIONS_H

/*
 * What the commands that ask a running agent share: the options that say which agent, the way their
 * words are read, and their exit codes.
 *
 *     int cmd_thing(struct globals *globals, int argc, char **argv)
 *     {
 *         struct diag_options o = {.globals = globals};
 *         const struct diag_command c = {.help = &help, .own = thing_set(&values)};
 *         int code = 0;
 *         if (!diag_options_begin(&o, &c, argc, argv, &code))
 *             return code;
 *         return diag_options_fail(ask(&o));
 *     }
 */

#include "cmd/command.h"

/* What such a command exits with; the manual page and `--help` promise it. */
enum diag_exit {
    DIAG_EXIT_OK = 0,
    DIAG_EXIT_NOT_READY = 1,   /* asked and answered: no. Also what failed here: a full disk */
    DIAG_EXIT_USAGE = 2,       /* the command line, or the configuration it names */
    DIAG_EXIT_UNREACHABLE = 3, /* no agent could be asked, or it does not answer to us */
    DIAG_EXIT_TIMEOUT = 4,
};

/* For the `about` of every such command's help. */
#define DIAG_EXIT_HELP                                                                             \
    "Exit status: 0 yes or done, 1 not ready or failed, 2 the command line or the configuration\n" \
    "is wrong, 3 no agent could be reached, or it refuses us, 4 the time was up.\n"

/* Texts are borrowed; NULL: not given. */
struct diag_options {
    struct globals *globals;
    const char *storage, *diag_socket, *diag_addr, *ca, *token_file;
    char **operands; /* in argv */
    int n_operands;
};

struct diag_command {
    const struct command_help *help;
    struct opt_set own; /* n_opts 0: none of its own */
    int max_operands;
};

/* Parses the words behind the command's name. False: *ret_code is the exit code, all was said. */
bool diag_options_begin(struct diag_options *o, const struct diag_command *c, int argc, char **argv,
                        int *ret_code);

/* Pure. DIAG_EXIT_OK for NULL. */
enum diag_exit diag_options_exit(const struct err *e);

/* command_fail(), with these exit codes. */
int diag_options_fail(struct err *e);

#endif
