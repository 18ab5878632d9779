/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_COMPLETION_H
#define TBOT_CMD_COMPLETION_H

/*
 * What may be written on tbot's command line, and the scripts that have a shell complete it.
 *
 *     CLEANUP(completion_release) struct completion c = {0};
 *     TRY(completion_gather(&c));
 *     completion_bash(&c, stdout);
 *
 * It is gathered from the commands themselves: each is asked for its help, with a reader instead of
 * standard output (struct help_reader). What help does not show is not completed. So a new command or
 * option needs nothing here.
 *
 * The scripts need no other: bash 4, zsh 5 with its completion system, fish 3.
 */

#include "cmd/command.h"

/* A command as it stands on the line, and what may follow it. All but the path is borrowed from tables. */
struct completion_command {
    char *path;                     /* "debug profile"; "" for the program itself */
    const struct command *commands; /* or NULL */
    const char *const *operands;    /* or NULL */
    const struct opt **opts;        /* those that are shown */
    size_t n_opts;
};

struct completion {
    struct completion_command *commands;
    size_t len;
};

/* ERR_BUG for a command that does not answer `--help` by command_help(). */
RESULT completion_gather(struct completion *c);

void completion_release(struct completion *c);

/* What stands behind an option as its value. */
enum completion_value {
    COMPLETION_NO_VALUE, /* none, or none as a word of its own */
    COMPLETION_ANY,
    COMPLETION_FILES,
    COMPLETION_DIRECTORIES,
    COMPLETION_CHOICES,
};

enum completion_value completion_value_of(const struct opt *opt);

/* Prints `text` as one word, in single quotes. In fish a backslash counts inside of them, in the others not. */
enum completion_quotes { COMPLETION_POSIX, COMPLETION_FISH };
void completion_quote(FILE *to, const char *text, enum completion_quotes quotes);

/* An option's help in one phrase, quoted. */
void completion_quote_help(FILE *to, const struct opt *opt, enum completion_quotes quotes);

/* Lines of the table that bash and zsh write alike. */
void completion_print_operands(FILE *to, const struct completion_command *c);
void completion_print_values(FILE *to, const struct completion_command *c);

void completion_bash(const struct completion *c, FILE *to);
void completion_zsh(const struct completion *c, FILE *to);
void completion_fish(const struct completion *c, FILE *to);

#endif
