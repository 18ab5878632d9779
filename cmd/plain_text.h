/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_PLAIN_TEXT_H
#define TBOT_CMD_PLAIN_TEXT_H

#include <stddef.h>

/*
 * A copy in which every control character, and every byte that is no UTF-8, is a '?': names of files
 * and what a server says must neither move a terminal's cursor nor break a document. The caller frees
 * it; NULL when memory is gone.
 */
char *plain_text(const char *text);

/* The same for a text of several lines: their ends stay. */
char *plain_lines(const char *text);

/* How many columns the beginning of `len` bytes takes, one a character. */
size_t plain_text_columns(const char *text, size_t len);

/* How many bytes of `text` fit into so many columns: a cut there is between two characters. */
size_t plain_text_fit(const char *text, size_t columns);

#endif
