/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_TERMINAL_H
#define TBOT_CMD_TERMINAL_H

/*
 * Where a command's text goes: a person's terminal, of some width and with or without colours, or a
 * file, where it is as long as it is and plain.
 */

#include "base/err.h"

#include <stdio.h>

struct terminal {
    size_t width;    /* columns to wrap at; 0: not at all */
    bool has_colour; /* NO_COLOR and TERM may ask for less */
    bool has_cursor; /* a line can be taken back */
};

/* What `to` is. */
struct terminal terminal_of(FILE *to);

#define TERMINAL_PLAIN "\033[0m"
#define TERMINAL_TAKE_BACK "\r\033[K" /* the line that is being written */
#define TERMINAL_CLEAR "\033[H\033[J" /* the whole screen */

/*
 * Prints the words of `text` from `column` on, in as many lines as they need; `at` is where the first
 * one begins. `text` has no control characters (cmd/plain_text.h). No newline at the end.
 */
void terminal_put_words(FILE *to, size_t width, const char *text, size_t column, size_t at);

#endif
