/* SPDX-License-Identifier: Apache-2.0 */
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

RESULT diag_answer_reload(const struct diag_facts *f, struct diag_answer *a)
{
    if (!f->control || !f->control->reload)
        return diag_answer_error(
            501, "this agent reads its configuration at the start alone: restart it", a);
    return begin(f, DIAG_DEED_RELOAD, "reading the configuration anew", a);
}

RESULT diag_answer_shut_down(const struct diag_facts *f, struct diag_answer *a)
{
    a->deed.kind = is_stopping(f) ? DIAG_DEED_NONE : DIAG_DEED_SHUT_DOWN;
    return answer_status(200, "stopping", a);
}
