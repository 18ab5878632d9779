/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_START_OPTIONS_H
#define TBOT_CMD_START_OPTIONS_H

/*
 * The options `start`, `test` and `configure` share, and their sub-commands: `legacy` (also when none
 * is named) runs a configuration file, `identity` adds an identity output described by options.
 *
 *     CLEANUP(start_options_release) struct start_options options = { 0 };
 *     TRY(start_options_parse(&options, START_COMMAND, globals, argc, argv));
 *     if (globals->help)
 *         return start_options_help(&options, &help);
 *     ... options.overrides is what to merge over the file
 */

#include "agent/config_merge.h"
#include "cmd/command.h"

enum start_command {
    START_COMMAND,   /* has --sandbox too */
    START_CONFIGURE, /* has --output too */
    START_TEST,      /* has --connect, --timeout and --json too */
};

/* For their help; start_options_parse() tells them apart, they have nothing to run. */
extern const struct command start_sub_commands[];

enum { START_MAX_SETS = 4 };

struct start_options {
    struct globals *globals;
    bool is_identity; /* the sub-command */
    struct config_overrides overrides;
    struct secret *token, *join_uri; /* owned; overrides borrows them */
    const char *data_dir;
    struct config_service_overrides service;
    const char *output;          /* configure: a file, or NULL for standard output */
    unsigned json, connect;      /* test: switches as in struct globals */
    struct dur timeout;          /* test: of each step; 0: not given */
    struct strlist sandbox_dirs; /* start: owned */
    unsigned sandbox;            /* start: a switch; on unless it is turned off */

    const char *not_built; /* where options that are refused would store */
    unsigned not_built_switch;

    struct opt_set sets[START_MAX_SETS]; /* private: they point into this struct, do not move it */
    size_t n_sets;
};

/* Words behind the command's name. ERR_USAGE. With globals->help nothing is required. */
RESULT start_options_parse(struct start_options *options, enum start_command command,
                           struct globals *globals, int argc, char **argv);

/* Prints help with the options of the sub-command; returns the exit code. */
int start_options_help(const struct start_options *options, const struct command_help *help);

void start_options_release(struct start_options *options);

#endif
