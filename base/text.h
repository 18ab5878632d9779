/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_TEXT_H
#define TBOT_BASE_TEXT_H

/* What is done with texts in many places. Pure. Threads: any. */

#include "base/cleanup.h"
#include "base/err.h"

#include <stdint.h>

/* The text, or NULL where it is empty: for values of which NULL and "" both say "not given". */
static inline const char *text_given(const char *text)
{
    return text && *text ? text : NULL;
}

/* Whether both say the same, where NULL and "" both say nothing. */
bool text_equals(const char *a, const char *b);

/* A new text, printf-style, the caller's. *ret is NULL after ERR_NOMEM, where asprintf(3) leaves anything. */
RESULT text_format(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Steps over `prefix` if *text begins with it. */
bool text_take_prefix(const char **text, const char *prefix);

/* A whole text of decimal digits, no sign, no blanks. false: it is not (NULL neither), or too large. */
bool text_number(const char *text, int64_t *ret);

/* The number that `len` digits say; whoever asks has seen that they are digits, and nine at most. */
int text_digits(const char *text, size_t len);

#endif
