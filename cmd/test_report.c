/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/test_report.h"

#include "base/text.h"
#include "cmd/plain_text.h"

#include <string.h>

#define STATUS_COLUMNS 9 /* "not tried" */
#define NAME_COLUMNS 13  /* "configuration" */
#define TIME_COLUMNS 7   /* "1234 ms" */
#define TEXT_COLUMN (STATUS_COLUMNS + 2 + NAME_COLUMNS + 2)
#define STEP_TEXT_COLUMN (TEXT_COLUMN + TIME_COLUMNS + 2)

#define ARROW "-> "

static const struct {
    const char *word, *colour;
} looks[CHECK_STATUS_COUNT] = {
    [CHECK_OK] = {"ok", "\033[32m"},
    [CHECK_WARNING] = {"warning", "\033[33m"},
    [CHECK_FAILED] = {"failed", "\033[1;31m"},
    [CHECK_NOT_TRIED] = {"not tried", "\033[2m"},
};

void test_report_init(struct test_report *r, FILE *out)
{
    *r = (struct test_report){.out = out, .terminal = terminal_of(out)};
}

static void put_text(const struct test_report *r, const char *text, size_t column)
{
    CLEANUP(freep) char *plain = plain_text(text);
    terminal_put_words(r->out, r->terminal.width, plain ? plain : "(out of memory)", column,
                       column);
    fputc('\n', r->out);
}

static void put_coloured(const struct test_report *r, enum check_status status, const char *text,
                         int width)
{
    if (r->terminal.has_colour)
        fprintf(r->out, "%s%-*s%s", looks[status].colour, width, text, TERMINAL_PLAIN);
    else
        fprintf(r->out, "%-*s", width, text);
}

static void put_time(const struct test_report *r, const struct check_result *f)
{
    char text[32] = "";
    int64_t ms = dur_to_ms(f->took);
    if (f->status != CHECK_NOT_TRIED && f->took.ns > 0)
        snprintf(text, sizeof(text), ms > 0 ? "%lld ms" : "<1 ms", (long long)ms);
    fprintf(r->out, "%*s  ", TIME_COLUMNS, text);
}

static void put_finding(const struct test_report *r, const struct check_result *f)
{
    CLEANUP(freep) char *text = NULL;
    size_t column = f->is_step ? STEP_TEXT_COLUMN : TEXT_COLUMN;
    put_coloured(r, f->status, looks[f->status].word, STATUS_COLUMNS);
    fprintf(r->out, "  %-*s  ", NAME_COLUMNS, f->name);
    if (f->is_step)
        put_time(r, f);
    CLEANUP(err_freep) struct err *e = text_format(&text, "%s: %s", f->subject, f->message);
    put_text(r, e ? "out of memory" : text, column);
    if (!f->hint)
        return;
    fprintf(r->out, "%*s%s", (int)column, "", ARROW);
    put_text(r, f->hint, column + sizeof(ARROW) - 1);
}

static void take_back(struct test_report *r)
{
    if (r->is_under_way)
        fputs(TERMINAL_TAKE_BACK, r->out);
    r->is_under_way = false;
}

/* What does not fit in one line could not be taken back. */
static void begin(void *arg, const char *name, const char *subject)
{
    struct test_report *r = arg;
    CLEANUP(freep) char *plain = plain_text(subject);
    take_back(r);
    if (!r->terminal.has_cursor || !plain ||
        STEP_TEXT_COLUMN + plain_text_columns(plain, strlen(plain)) + 4 >= r->terminal.width)
        return;
    fprintf(r->out, "%-*s  %-*s  %*s  %s ...", STATUS_COLUMNS, "", NAME_COLUMNS, name, TIME_COLUMNS,
            "", plain);
    fflush(r->out);
    r->is_under_way = true;
}

static void add(void *arg, const struct check_result *f)
{
    struct test_report *r = arg;
    take_back(r);
    if (f->is_step && !r->has_steps)
        fputs("\nTo the cluster:\n", r->out);
    r->has_steps = r->has_steps || f->is_step;
    put_finding(r, f);
    fflush(r->out);
}

struct check_sink test_report_sink(struct test_report *r)
{
    return (struct check_sink){.begin = begin, .add = add, .arg = r};
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void put_subject(const struct test_report *r, const char *file)
{
    CLEANUP(freep) char *plain = file ? plain_text(file) : NULL;
    if (file)
        fprintf(r->out, "configuration '%s' ", plain ? plain : "(out of memory)");
    else
        fputs("the configuration of the command line ", r->out);
}

static void put_count(const struct test_report *r, unsigned warnings)
{
    if (warnings > 0)
        fprintf(r->out, ", %u warning%s", warnings, plural(warnings));
    fputc('\n', r->out);
}

void test_report_verdict(struct test_report *r, const struct test_verdict *v)
{
    fputc('\n', r->out);
    put_subject(r, v->file);
    if (v->failed == 0) {
        put_coloured(r, CHECK_OK, "is good", 0);
        fprintf(r->out, ": %zu output%s", v->n_outputs, plural(v->n_outputs));
    } else {
        put_coloured(r, CHECK_FAILED, "is not good", 0);
        fprintf(r->out, ": %u failed", v->failed);
    }
    put_count(r, v->warnings);
    fflush(r->out);
}
