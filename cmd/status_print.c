/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/status_print.h"

#include "cmd/plain_text.h"
#include "cmd/status_doc.h"

#include <stdarg.h>
#include <string.h>

void status_print_coloured(const struct status_print *t, const char *colour, const char *text,
                           int width)
{
    if (t->terminal->has_colour && colour)
        fprintf(t->to, "%s%-*s" TERMINAL_PLAIN, colour, width, text);
    else
        fprintf(t->to, "%-*s", width, text);
}

void status_print_line(const struct status_print *t, const char *text, size_t column, size_t at)
{
    terminal_put_words(t->to, t->terminal->width, text, column, at);
    fputc('\n', t->to);
}

void status_print_below(const struct status_print *t, const char *lead, const char *text,
                        size_t column)
{
    fprintf(t->to, "%*s%s", (int)column, "", lead);
    status_print_line(t, text, column + strlen(lead), column + strlen(lead));
}

const char *status_print_colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        {"ok", STATUS_PRINT_GREEN},          {"up", STATUS_PRINT_GREEN},
        {"recovering", STATUS_PRINT_YELLOW}, {"starting", STATUS_PRINT_YELLOW},
        {"degraded", STATUS_PRINT_RED},      {"down", STATUS_PRINT_RED},
        {"stopping", STATUS_PRINT_YELLOW},
    };
    for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
        if (strcmp(colours[i].state, state) == 0)
            return colours[i].colour;
    return NULL;
}

const char *status_print_when(const struct status_print *t, struct wall when,
                              char out[STATUS_PRINT_SPAN_SIZE])
{
    char span[DUR_SIZE];
    struct dur d = wall_diff(when, t->now);
    bool is_future = dur_to_s(d) > 0;
    status_doc_span(d, span);
    if (when.ns == WALL_NONE.ns)
        snprintf(out, STATUS_PRINT_SPAN_SIZE, "-");
    else if (dur_to_s(d) == 0)
        snprintf(out, STATUS_PRINT_SPAN_SIZE, "now");
    else
        snprintf(out, STATUS_PRINT_SPAN_SIZE, is_future ? "in %s" : "%s ago", span);
    return out;
}

void status_print_add(struct status_print_list *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->len > 0 && p->len + 2 < sizeof(p->text))
        p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, ", ");
    size_t room = sizeof(p->text) - 1 - p->len;
    int n = vsnprintf(p->text + p->len, room + 1, format, args);
    va_end(args);
    p->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

void status_print_add_text(struct status_print_list *p, const json_t *o, const char *key,
                           const char *format_word)
{
    const char *text = status_doc_text(o, key);
    if (text)
        status_print_add(p, "%s%s", format_word, text);
}

void status_print_add_time(const struct status_print *t, struct status_print_list *p,
                           const char *word, struct wall when)
{
    char text[RFC3339_SIZE], span[STATUS_PRINT_SPAN_SIZE];
    if (when.ns != WALL_NONE.ns)
        status_print_add(p, "%s %s (%s)", word, wall_format(when, false, text),
                         status_print_when(t, when, span));
}

void status_print_labelled(const struct status_print *t, const char *label, const char *word,
                           const char *colour, const struct status_print_list *rest)
{
    size_t at = STATUS_PRINT_LABEL_COLUMN + plain_text_columns(word, strlen(word));
    fprintf(t->to, "%-*s", STATUS_PRINT_LABEL_COLUMN, label);
    status_print_coloured(t, colour, word, 0);
    if (rest->len > 0)
        fputc(',', t->to);
    if (rest->len > 0)
        terminal_put_words(t->to, t->terminal->width, rest->text, STATUS_PRINT_LABEL_COLUMN,
                           at + 1);
    fputc('\n', t->to);
}
