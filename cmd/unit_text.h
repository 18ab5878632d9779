/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_UNIT_TEXT_H
#define TBOT_CMD_UNIT_TEXT_H

/*
 * How a text becomes part of a systemd unit, and stays one part of one line: systemd.syntax(7),
 * systemd.unit(5) "Specifiers", systemd.service(5) "Command lines". Pure. Threads: any.
 */

#include "base/buf.h"

enum unit_word {
    UNIT_WORD_PATH,     /* one of a list of paths: ReadWritePaths= and others */
    UNIT_WORD_ARGUMENT, /* of a command line, where '$' begins a variable as well */
};

/*
 * ERR_CONFIG for what no quoting can carry: control characters, of which a line break would begin a
 * directive of its own, and bytes that are no UTF-8. `what` names it in the message: "the storage".
 */
RESULT unit_text_check(const char *what, const char *text);

/* Appends a checked text as one word: specifiers doubled, in quotes where it needs them. */
RESULT unit_text_add_word(struct buf *to, enum unit_word kind, const char *text);

/*
 * Appends a checked path that is read up to the end of its line, where quotes mean themselves and a
 * backslash at the end would join the next line. ERR_CONFIG for one that ends in a backslash or a blank.
 */
RESULT unit_text_add_rest(struct buf *to, const char *what, const char *text);

#endif
