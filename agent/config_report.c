/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_MESSAGE 1024
#define MAX_TEXT ((MAX_MESSAGE + 1) * (CONFIG_REPORT_MAX + 1))

void config_report_release(struct config_report *report)
{
    for (size_t i = 0; i < report->len; i++)
        free(report->remarks[i].text);
    free(report->remarks);
    report->remarks = NULL;
    report->len = report->left_out = 0;
}

static void replace_control_characters(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            *text = '?';
    }
}

static RESULT grow(struct config_report *report)
{
    size_t size = (report->len + 1) * sizeof(*report->remarks);
    struct config_remark *remarks = realloc(report->remarks, size);
    if (!remarks)
        return err_nomem();
    report->remarks = remarks;
    return NULL;
}

static RESULT add(struct config_report *report, struct config_at at, bool is_warning,
                  const char *format, va_list args)
{
    if (report->len == CONFIG_REPORT_MAX) {
        report->left_out++;
        return NULL;
    }
    char message[MAX_MESSAGE];
    if (vsnprintf(message, sizeof(message), format, args) < 0)
        return err_new(ERR_BUG, "a message about the configuration cannot be formatted");
    replace_control_characters(message);
    TRY(grow(report));
    CLEANUP(freep) char *text = strdup(message);
    if (!text)
        return err_nomem();
    report->remarks[report->len++] = (struct config_remark){
        .at = at,
        .is_warning = is_warning,
        .text = TAKE(text),
    };
    return NULL;
}

struct err *config_report_error(struct config_report *report, struct config_at at,
                                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct err *e = add(report, at, false, format, args);
    va_end(args);
    return e;
}

struct err *config_report_warning(struct config_report *report, struct config_at at,
                                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct err *e = add(report, at, true, format, args);
    va_end(args);
    return e;
}

static bool is_before(struct config_at a, struct config_at b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* By insertion: stable, and there are at most a hundred. */
static void sort(struct config_report *report)
{
    for (size_t i = 1; i < report->len; i++) {
        struct config_remark remark = report->remarks[i];
        size_t at = i;
        for (; at > 0 && is_before(remark.at, report->remarks[at - 1].at); at--)
            report->remarks[at] = report->remarks[at - 1];
        report->remarks[at] = remark;
    }
}

static RESULT print(const struct config_report *report, const struct config_remark *remark,
                    struct buf *out)
{
    if (report->file && remark->at.line > 0)
        TRY(buf_printf(out, "%s:%u:%u: ", report->file, remark->at.line, remark->at.column));
    return buf_add_str(out, remark->text);
}

struct err *config_report_refusal(struct config_report *report, struct config_at at,
                                  const char *key, struct err *why)
{
    if (!why)
        return NULL;
    CLEANUP(freep) char *text = err_text(why);
    err_free(why);
    return config_report_error(report, at, "key '%s': %.300s", key, text ? text : "out of memory");
}

struct err *config_report_result(struct config_report *report)
{
    CLEANUP(buf_freep)
    struct buf *text =
        buf_new(MAX_TEXT + strlen(report->file ? report->file : "") * CONFIG_REPORT_MAX);
    if (!text)
        return err_nomem();
    sort(report);
    for (size_t i = 0; i < report->len; i++) {
        if (report->remarks[i].is_warning)
            continue;
        if (text->len > 0)
            TRY(buf_add_str(text, "\n"));
        TRY(print(report, &report->remarks[i], text));
    }
    if (text->len == 0)
        return NULL;
    if (report->left_out > 0)
        TRY(buf_printf(text, "\nand %zu more", report->left_out));
    return err_new(ERR_CONFIG, "%s", buf_str(text));
}

struct err *config_report_take_warnings(struct config_report *report, struct strlist *to)
{
    sort(report);
    for (size_t i = 0; i < report->len; i++) {
        if (!report->remarks[i].is_warning)
            continue;
        CLEANUP(buf_freep) struct buf *text = buf_new(MAX_TEXT);
        if (!text)
            return err_nomem();
        TRY(print(report, &report->remarks[i], text));
        TRY(strlist_add(to, buf_str(text)));
    }
    return NULL;
}
