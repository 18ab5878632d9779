/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_STATUS_PRINT_H
#define TBOT_CMD_STATUS_PRINT_H

/*
 * What the parts of the status table are made of: words in the colour of what they mean, sentences of
 * parts that may be absent, times as a person says them. For cmd/status_*.c alone. Texts have no
 * control characters (cmd/status_doc.h).
 */

#include "base/clock.h"
#include "cmd/terminal.h"

#include <jansson.h>

#define STATUS_PRINT_LABEL_COLUMN 11 /* "authority  " */
#define STATUS_PRINT_SPAN_SIZE (DUR_SIZE + 8)
#define STATUS_PRINT_LIST_SIZE 1024

#define STATUS_PRINT_ARROW "-> " /* before a remedy */
#define STATUS_PRINT_GREEN "\033[32m"
#define STATUS_PRINT_YELLOW "\033[33m"
#define STATUS_PRINT_RED "\033[1;31m"
#define STATUS_PRINT_BOLD "\033[1m"

/* Where to, and what is now. */
struct status_print {
    const struct terminal *terminal;
    FILE *to;
    struct wall now;
};

/* The colour of a state's name, or NULL. */
const char *status_print_colour_of(const char *state);

/* `text`, filled up to `width` with blanks; `colour` NULL: none. */
void status_print_coloured(const struct status_print *t, const char *colour, const char *text,
                           int width);

/* The words of `text` from `column` on, the first one at `at`, and the end of the line. */
void status_print_line(const struct status_print *t, const char *text, size_t column, size_t at);

/* A line of its own that begins with `lead` at `column`. */
void status_print_below(const struct status_print *t, const char *lead, const char *text,
                        size_t column);

/* "in 43m", "5m ago", "now"; "-" for a time that is not known. Returns `out`. */
const char *status_print_when(const struct status_print *t, struct wall when,
                              char out[STATUS_PRINT_SPAN_SIZE]);

/* A sentence made of parts, each behind a comma but the first. What does not fit is cut. */
struct status_print_list {
    char text[STATUS_PRINT_LIST_SIZE];
    size_t len;
};
void status_print_add(struct status_print_list *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A member of `o` with `word` before it, if there is such a member. */
void status_print_add_text(struct status_print_list *p, const json_t *o, const char *key,
                           const char *word);

/* "valid until 2026-01-02T03:04:05Z (in 40m)", if the time is known. */
void status_print_add_time(const struct status_print *t, struct status_print_list *p,
                           const char *word, struct wall when);

/* A line with a label: `word` in its colour, and the rest behind a comma. */
void status_print_labelled(const struct status_print *t, const char *label, const char *word,
                           const char *colour, const struct status_print_list *rest);

#endif
