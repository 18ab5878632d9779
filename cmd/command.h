/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_COMMAND_H
#define TBOT_CMD_COMMAND_H

/*
 * What every command of `tbot` shares: the options that may stand anywhere on the line, how errors
 * end, how help looks.
 *
 * A command gets the words behind its name. It parses them together with the global options:
 *
 *     int cmd_thing(struct globals *globals, int argc, char **argv)
 *     {
 *         struct opt_set sets[] = { thing_set(&values), globals_set(globals) };
 *         struct err *e = opts_parse(sets, 2, argc, argv, &n);
 *         if (e)
 *             return command_fail(e);
 *         if (globals->help)
 *             return command_help(&thing_help, sets, 2);
 *         ...
 *     }
 *
 * Exit codes: 0 done, 1 failed, 2 the command line is wrong; cmd/diag_options.h has more of them.
 */

#include "cmd/opts.h"

/* Zero-initialised, then filled in by whoever parses globals_set(). */
struct globals {
    const char *config_path; /* NULL: none; "-": standard input */
    const char *log_format;  /* "text", "json"; NULL: text */
    unsigned debug, insecure, fips, help, trace;
    const char *not_built;            /* where options that are refused would store */
    const struct help_reader *reader; /* who gets help's tables; NULL: help is printed */
};

struct opt_set globals_set(struct globals *globals);

/* A command, or a sub-command of one. Tables of them end with a NULL name. */
struct command {
    const char *name;
    const char *summary; /* one line for help; NULL: not shown */
    int (*run)(struct globals *globals, int argc, char **argv);
};

struct command_help {
    const char *usage;    /* "tbot start [identity|legacy] [options]" */
    const char *about;    /* paragraphs */
    const char *examples; /* indented by two */

    const struct command *commands; /* its sub-commands: listed, and asked by completion; or NULL */
    const char *const *operands;    /* other words that may stand here, for completion; or NULL */
};

/* Gets what a command's help is made of. The sets are gone afterwards; what they point to stays. */
struct help_reader {
    void (*read)(void *to, const struct command_help *help, const struct opt_set *sets,
                 size_t n_sets);
    void *to;
};

/*
 * Prints on standard output, or hands all to globals' reader: globals_set() is one of the sets.
 * Returns the exit code.
 */
int command_help(const struct command_help *help, const struct opt_set *sets, size_t n_sets);

/*
 * Prints `e` and its hint on standard error, frees it, and returns the exit code: 2 for ERR_USAGE,
 * 1 for everything else, 0 for NULL.
 */
int command_fail(struct err *e);

/* Prints every warning of the list on standard error. */
struct strlist;
void command_warn(const struct strlist *warnings);

/* What cmd/main.c's table holds. */
extern const struct command command_table[];

/* The entry of a table, or NULL. */
const struct command *command_find(const struct command *table, const char *name);

/* One line for each that is shown. */
void command_print_table(FILE *to, const struct command *table);

/* ERR_USAGE for a name that is no command: not built yet, or unknown with what it may have meant.
 */
RESULT command_refuse(const char *name);

int cmd_completion(struct globals *globals, int argc, char **argv);
int cmd_configure(struct globals *globals, int argc, char **argv);
int cmd_debug(struct globals *globals, int argc, char **argv);
int cmd_help(struct globals *globals, int argc, char **argv);
int cmd_install(struct globals *globals, int argc, char **argv);
int cmd_readyz(struct globals *globals, int argc, char **argv);
int cmd_reload(struct globals *globals, int argc, char **argv);
int cmd_renew(struct globals *globals, int argc, char **argv);
int cmd_ssh_proxy_command(struct globals *globals, int argc, char **argv);
int cmd_start(struct globals *globals, int argc, char **argv);
int cmd_status(struct globals *globals, int argc, char **argv);
int cmd_test(struct globals *globals, int argc, char **argv);
int cmd_version(struct globals *globals, int argc, char **argv);
int cmd_wait(struct globals *globals, int argc, char **argv);

#endif
