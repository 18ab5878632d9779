/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_SAY_H
#define TBOT_AUTHORITY_SAY_H

/* The authority's log: one line of text on standard error for everything it did. Thread-safe. */

#include "base/err.h"

/* A line without its end; what cannot be printed in it becomes '?'. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says "what: error" and the error's hint, and frees the error. NULL says nothing. */
void say_err(const char *what, struct err *e);

/* Nothing more is said. */
void say_nothing(void);

#endif
