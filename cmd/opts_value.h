/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_OPTS_VALUE_H
#define TBOT_CMD_OPTS_VALUE_H

/* One option's value: how a text becomes one, and where it is kept. Private to opts.c. */

#include "cmd/opts.h"

struct opts_value {
    const struct opt *opt;
    void *at; /* in the set's values; its type is the kind's, see enum opt_kind */
};

/* Of the set's i-th option. */
struct opts_value opts_value_of(const struct opt_set *set, size_t i);

bool opts_value_is_given(const struct opts_value *v);

/* For switches. */
void opts_value_turn(const struct opts_value *v, bool is_on);

/*
 * Takes a text over into the value, a switch being "true" or "false". Empty: nothing happens. ERR_USAGE
 * says what is wrong with the text, and not of which option.
 */
RESULT opts_value_set(const struct opts_value *v, const char *text);

/* Frees what the value owns. */
void opts_value_release(const struct opts_value *v);

#endif
