/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_json.h"

#include <stdio.h>

void diag_json_text(json_t *object, const char *key, const char *text)
{
    if (!text)
        return;
    json_t *v = json_string(text);
    json_object_set_new(object, key, v ? v : json_string("(not UTF-8)"));
}

void diag_json_time(json_t *object, const char *key, struct wall t)
{
    char text[RFC3339_SIZE];
    if (t.ns != WALL_NONE.ns && t.ns != WALL_NEVER.ns)
        diag_json_text(object, key, wall_format(t, false, text));
}

void diag_json_number(json_t *object, const char *key, int64_t n)
{
    json_object_set_new(object, key, json_integer(n));
}

void diag_json_flag(json_t *object, const char *key, bool is_set)
{
    json_object_set_new(object, key, json_boolean(is_set));
}

RESULT diag_json_finish(json_t *o, unsigned code, struct diag_answer *a)
{
    CLEANUP(freep) char *text = o ? json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(o);
    if (!text)
        return err_nomem();
    a->code = code;
    a->content_type = DIAG_TYPE_JSON;
    TRY(buf_add_str(&a->body, text));
    return buf_add_u8(&a->body, '\n');
}

RESULT diag_answer_error(unsigned code, const char *text, struct diag_answer *a)
{
    json_t *o = json_object();
    diag_json_text(o, "error", text);
    return diag_json_finish(o, code, a);
}

RESULT diag_answer_no_service(const char *name, struct diag_answer *a)
{
    char text[256];
    snprintf(text, sizeof(text), "Service named \"%.200s\" not found.", name);
    return diag_answer_error(404, text, a);
}
