/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/test_report.h"

#include "cmd/plain_text.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STATUS_COLUMNS 9 /* "not tried" */
#define NAME_COLUMNS 13  /* "configuration" */
#define TIME_COLUMNS 7   /* "1234 ms" */
#define TEXT_COLUMN (STATUS_COLUMNS + 2 + NAME_COLUMNS + 2)
#define STEP_TEXT_COLUMN (TEXT_COLUMN + TIME_COLUMNS + 2)
#define NARROWEST 60 /* on less than that nothing is wrapped: the terminal does it no worse */

#define ARROW "-> "
#define PLAIN "\033[0m"
#define TAKE_BACK "\r\033[K"

static const struct {
    const char *word, *colour;
} looks[CHECK_STATUS_COUNT] = {
    [CHECK_OK] = {"ok", "\033[32m"},
    [CHECK_WARNING] = {"warning", "\033[33m"},
    [CHECK_FAILED] = {"failed", "\033[1;31m"},
    [CHECK_NOT_TRIED] = {"not tried", "\033[2m"},
};

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

static bool has_cursor(void)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0;
}

void test_report_init(struct test_report *r, FILE *out)
{
    struct winsize size = {0};
    *r = (struct test_report){.out = out};
    if (!isatty(fileno(out)))
        return;
    r->has_cursor = has_cursor();
    r->has_colour = r->has_cursor && !is_set("NO_COLOR");
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= NARROWEST)
        r->width = size.ws_col;
}

/* Words from `column` on, in as many lines as they need; `at` is where the first one begins. */
static void put_wrapped(const struct test_report *r, const char *text, size_t column, size_t at)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        size_t columns = plain_text_columns(text, len);
        bool is_first = at == column;
        if (r->width > 0 && !is_first && at + 1 + columns > r->width) {
            fprintf(r->out, "\n%*s", (int)column, "");
            at = column;
            is_first = true;
        }
        fprintf(r->out, "%s%.*s", is_first ? "" : " ", (int)len, text);
        at += columns + !is_first;
        text += len;
        text += strspn(text, " ");
    }
}

static void put_text(const struct test_report *r, const char *text, size_t column)
{
    CLEANUP(freep) char *plain = plain_text(text);
    put_wrapped(r, plain ? plain : "(out of memory)", column, column);
    fputc('\n', r->out);
}

static void put_coloured(const struct test_report *r, enum check_status status, const char *text,
                         int width)
{
    if (r->has_colour)
        fprintf(r->out, "%s%-*s%s", looks[status].colour, width, text, PLAIN);
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
    int len = asprintf(&text, "%s: %s", f->subject, f->message);
    put_text(r, len < 0 ? "out of memory" : text, column);
    if (!f->hint)
        return;
    fprintf(r->out, "%*s%s", (int)column, "", ARROW);
    put_text(r, f->hint, column + sizeof(ARROW) - 1);
}

static void take_back(struct test_report *r)
{
    if (r->is_under_way)
        fputs(TAKE_BACK, r->out);
    r->is_under_way = false;
}

/* What does not fit in one line could not be taken back. */
static void begin(void *arg, const char *name, const char *subject)
{
    struct test_report *r = arg;
    CLEANUP(freep) char *plain = plain_text(subject);
    take_back(r);
    if (!r->has_cursor || !plain ||
        STEP_TEXT_COLUMN + plain_text_columns(plain, strlen(plain)) + 4 >= r->width)
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
