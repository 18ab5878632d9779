/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strlist.h"
#include "diag/answer_json.h"

#include <stdio.h>
#include <string.h>

/* As Teleport writes them. */
static const char *const levels[] = {
    [LOG_DEBUG] = "DEBUG",
    [LOG_INFO] = "INFO",
    [LOG_WARN] = "WARN",
    [LOG_ERROR] = "ERROR",
};

static struct err *answer_text(unsigned code, const char *text, struct diag_answer *a)
{
    a->code = code;
    a->content_type = DIAG_TYPE_TEXT;
    TRY(buf_add_str(&a->body, text));
    return buf_add_u8(&a->body, '\n');
}

RESULT diag_answer_log_level(const struct diag_facts *f, struct diag_answer *a)
{
    if (!f->log)
        return diag_answer_error(501, "this agent has no log", a);
    return answer_text(200, levels[log_get_level(f->log)], a);
}

static struct bytes trimmed(struct bytes b)
{
    static const char blanks[] = " \t\r\n";
    while (b.len > 0 && strchr(blanks, b.data[b.len - 1]))
        b.len--;
    while (b.len > 0 && strchr(blanks, b.data[0]))
        b = (struct bytes){b.data + 1, b.len - 1};
    return b;
}

static bool read_level(struct bytes text, enum log_level *ret)
{
    struct bytes word = trimmed(text);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (word.len == strlen(levels[i]) &&
            strncasecmp((const char *)word.data, levels[i], word.len) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* NULL: for good, 0. */
static bool read_lasting(const char *text, struct dur *ret)
{
    *ret = dur_s(0);
    if (!text)
        return true;
    CLEANUP(err_freep) struct err *e = dur_parse(text, ret);
    return !e && ret->ns > 0;
}

RESULT diag_answer_set_log_level(const struct diag_facts *f, struct bytes level,
                                 const char *lasting, struct diag_answer *a)
{
    char text[96], shown[DUR_SIZE];
    struct diag_deed deed = {.kind = DIAG_DEED_LOG_LEVEL};
    if (!f->log)
        return diag_answer_error(501, "this agent has no log", a);
    if (!read_level(level, &deed.level))
        return diag_answer_error(422, "the levels are DEBUG, INFO, WARN and ERROR", a);
    if (!read_lasting(lasting, &deed.lasting))
        return diag_answer_error(422, "'for' is not a time like '10m' or '90s'", a);
    a->deed = deed;
    if (deed.lasting.ns > 0)
        snprintf(text, sizeof(text), "The log's level is %s for %s.", levels[deed.level],
                 dur_format(deed.lasting, shown));
    else
        snprintf(text, sizeof(text), "The log's level is %s.", levels[deed.level]);
    return answer_text(200, text, a);
}

static struct err *answer_status(unsigned code, const char *text, struct diag_answer *a)
{
    json_t *o = json_object();
    diag_json_text(o, "status", text);
    return diag_json_finish(o, code, a);
}

static bool is_stopping(const struct diag_facts *f)
{
    return health_overall(f->health, f->now).state == HEALTH_STOPPING;
}

static struct err *begin(const struct diag_facts *f, enum diag_deed_kind kind, const char *text,
                         struct diag_answer *a)
{
    if (is_stopping(f))
        return diag_answer_error(409, "the agent is stopping", a);
    a->deed.kind = kind;
    return answer_status(202, text, a);
}

RESULT diag_answer_renew(const struct diag_facts *f, struct diag_answer *a)
{
    if (!f->control || !f->control->renew)
        return diag_answer_error(501, "this agent cannot be told to renew", a);
    return begin(f, DIAG_DEED_RENEW, "renewing everything", a);
}

/* --- reload --- */

static json_t *texts_json(const struct strlist *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; texts && i < texts->len; i++) {
        json_t *text = json_string(texts->items[i]);
        json_array_append_new(list, text ? text : json_string("(not UTF-8)"));
    }
    return list;
}

static struct err *answer_outcome(const struct diag_reloads *r, struct diag_answer *a)
{
    json_t *o = json_object();
    if (r->last_error) {
        diag_json_text(o, "error", r->last_error);
        json_object_set_new(o, "errors", texts_json(r->errors));
        json_object_set_new(o, "restart_needed", texts_json(r->restart));
        return diag_json_finish(o, 422, a);
    }
    diag_json_text(o, "status", "the new configuration is in force");
    json_object_set_new(o, "added", texts_json(r->added));
    json_object_set_new(o, "changed", texts_json(r->changed));
    json_object_set_new(o, "removed", texts_json(r->removed));
    diag_json_number(o, "kept", (int64_t)r->n_kept);
    json_object_set_new(o, "warnings", texts_json(r->warnings));
    return diag_json_finish(o, 200, a);
}

RESULT diag_answer_reload(const struct diag_facts *f, struct diag_answer *a)
{
    struct diag_report r = {.mode = DIAG_DAEMON};
    if (!f->control || !f->control->reload)
        return diag_answer_error(
            501, "this agent reads its configuration at the start alone: restart it", a);
    if (is_stopping(f))
        return diag_answer_error(409, "the agent is stopping", a);
    if (f->reporter.report)
        f->reporter.report(f->reporter.arg, &r);
    if (f->awaited > 0 && r.reloads.done >= f->awaited)
        return answer_outcome(&r.reloads, a);
    if (f->awaited == 0)
        a->deed.kind = DIAG_DEED_RELOAD;
    if (!f->may_hold || !f->reporter.report)
        return answer_status(202, "reading the configuration anew", a);
    a->deed.awaited = r.reloads.awaited;
    a->is_held = true;
    a->ask_at = MONO_NEVER;
    return NULL;
}

RESULT diag_answer_shut_down(const struct diag_facts *f, struct diag_answer *a)
{
    a->deed.kind = is_stopping(f) ? DIAG_DEED_NONE : DIAG_DEED_SHUT_DOWN;
    return answer_status(200, "stopping", a);
}
