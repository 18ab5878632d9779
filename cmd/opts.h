/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_OPTS_H
#define TBOT_CMD_OPTS_H

/*
 * Command-line options from tables: parsing, environment and help.
 *
 *     static const struct opt table[] = {
 *         { "output", 'o', OPT_TEXT, .arg = "FILE", .help = "write there",
 *           .offset = offsetof(struct values, output) },
 *     };
 *     struct opt_set set = { "Options", table, 1, &values };
 *     TRY(opts_parse(&set, 1, argc, argv, &n_operands));
 *     TRY(opts_from_environment(&set, 1));
 *     TRY(opts_check_required(&set, 1));
 *
 * `--name VALUE`, `--name=VALUE`, `-nVALUE` and `-n VALUE` are the same; switches have a
 * `--no-name` twin; options may stand before and after operands, and "--" ends them. An option
 * given twice counts as given last, but for lists. Empty values count as not given.
 *
 * Values that are texts are borrowed from argv or the environment. Errors are ERR_USAGE.
 */

#include "base/err.h"

#include <stdio.h>

/* What a switch stores; 0: it was not given. */
enum { SWITCH_OFF = 1, SWITCH_ON = 2 };

static inline bool opts_is_on(unsigned option)
{
    return option == SWITCH_ON;
}

enum opt_kind {
    OPT_SWITCH,   /* unsigned */
    OPT_TEXT,     /* const char *; one of `choices` when there are some */
    OPT_SECRET,   /* struct secret *; owned; overwritten in argv, where `ps` shows it */
    OPT_LIST,     /* struct strlist; owned */
    OPT_DURATION, /* struct dur */
};

enum {
    OPT_HIDDEN = 1 << 0, /* works, but help does not show it */
    OPT_REQUIRED = 1 << 1,
    OPT_NOT_BUILT = 1 << 2, /* refused by name */
    OPT_NO_TWIN = 1 << 3,   /* a switch that help shows without "no-" */
};

struct opt {
    const char *name;
    char letter; /* 0: none */
    enum opt_kind kind;
    const char
        *arg; /* what help calls the value; FILE, PATH, DIR and PLACE are completed as such */
    const char *env; /* environment variable, or NULL */
    const char *help;
    const char *const *choices; /* NULL-terminated, or NULL */
    const char *implied;        /* its value where none is given; another one needs "=" then */
    unsigned flags;
    size_t offset; /* of the value in the set's `values` */
};

struct opt_set {
    const char *title; /* in help */
    const struct opt *opts;
    size_t n_opts;
    void *values;
};

/*
 * Parses everything. Operands are moved to the front of argv, in their order, *ret_n of them. What
 * was parsed before an error stays in the values.
 */
RESULT opts_parse(const struct opt_set *sets, size_t n_sets, int argc, char **argv, int *ret_n);

/* Parses up to the first operand; *ret_used words were options. */
RESULT opts_parse_leading(const struct opt_set *sets, size_t n_sets, int argc, char **argv,
                          int *ret_used);

/* Fills in from the environment what the command line did not give. */
RESULT opts_from_environment(const struct opt_set *sets, size_t n_sets);

RESULT opts_check_required(const struct opt_set *sets, size_t n_sets);

/* Help, and whoever completes a line, shows it. */
bool opts_is_shown(const struct opt *opt);

/* ... and its twin, `--no-name`, too. */
bool opts_has_twin(const struct opt *opt);

/* One line or more for every option that is not hidden. */
void opts_print_help(FILE *to, const struct opt_set *sets, size_t n_sets);

/* Frees the owned values of a set. */
void opts_release(const struct opt_set *set);

#endif
