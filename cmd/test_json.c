/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/test_json.h"

#include "cmd/plain_text.h"

#include <jansson.h>

struct test_json {
    json_t *root, *checks; /* the second belongs to the first */
    bool is_incomplete;    /* memory was gone */
};

RESULT test_json_new(const char *file, struct test_json **ret)
{
    CLEANUP(test_json_freep) struct test_json *j = calloc(1, sizeof(*j));
    CLEANUP(freep) char *name = file ? plain_text(file) : NULL;
    if (!j || (file && !name))
        return err_nomem();
    j->checks = json_array();
    j->root = json_pack("{s:s?, s:b, s:o}", "file", name, "ok", 0, "checks", j->checks);
    if (!j->root)
        return err_nomem();
    *ret = TAKE(j);
    return NULL;
}

void test_json_free(struct test_json *j)
{
    if (!j)
        return;
    json_decref(j->root);
    free(j);
}

/* Absent texts are null. */
static json_t *text_of(const char *text)
{
    CLEANUP(freep) char *plain = text ? plain_text(text) : NULL;
    return text ? json_string(plain) : json_null();
}

static json_t *time_of(const struct check_result *f)
{
    return f->is_step && f->status != CHECK_NOT_TRIED ? json_integer(dur_to_ms(f->took))
                                                      : json_null();
}

static void add(void *arg, const struct check_result *f)
{
    struct test_json *j = arg;
    json_t *check = json_pack("{s:s, s:o, s:s, s:o, s:o, s:s?, s:o}", "name", f->name, "subject",
                              text_of(f->subject), "status", check_status_name(f->status),
                              "took_ms", time_of(f), "message", text_of(f->message), "code",
                              f->code, "hint", text_of(f->hint));
    if (json_array_append_new(j->checks, check) != 0)
        j->is_incomplete = true;
}

struct check_sink test_json_sink(struct test_json *j)
{
    return (struct check_sink){.add = add, .arg = j};
}

RESULT test_json_print(struct test_json *j, bool is_ok, FILE *to)
{
    if (j->is_incomplete || json_object_set_new(j->root, "ok", json_boolean(is_ok)) != 0)
        return err_nomem();
    if (json_dumpf(j->root, to, JSON_INDENT(2)) != 0 || fputc('\n', to) == EOF || fflush(to) != 0)
        return err_new(ERR_STORAGE, "the document cannot be written to standard output");
    return NULL;
}
