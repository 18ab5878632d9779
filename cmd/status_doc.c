/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/status_doc.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cmd/plain_text.h"
#include "transport/json_read.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* --- texts --- */

static RESULT make_text_plain(json_t *text)
{
    CLEANUP(freep) char *plain = plain_text(json_string_value(text));
    return plain && json_string_set(text, plain) == 0 ? NULL : err_nomem();
}

/* Names of members are not shown. json_read() has bounded how deep this goes. */
static RESULT make_plain(json_t *j)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;
    if (json_is_string(j))
        return make_text_plain(j);
    json_object_foreach(j, key, value) TRY(make_plain(value));
    json_array_foreach(j, i, value) TRY(make_plain(value));
    return NULL;
}

RESULT status_doc_parse(struct bytes text, json_t **ret)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    TRY(json_read("the agent's status", text, JSON_OBJECT, &root));
    TRY(make_plain(root));
    *ret = TAKE(root);
    return NULL;
}

const char *status_doc_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && *text ? text : NULL;
}

/* --- times --- */

static bool has_form(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    for (size_t i = 0; i < sizeof(form); i++)
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

struct wall status_doc_parse_time(const char *text)
{
    if (!text || !has_form(text))
        return WALL_NONE;
    struct tm tm = {
        .tm_year = text_digits(text, 4) - 1900,
        .tm_mon = text_digits(text + 5, 2) - 1,
        .tm_mday = text_digits(text + 8, 2),
        .tm_hour = text_digits(text + 11, 2),
        .tm_min = text_digits(text + 14, 2),
        .tm_sec = text_digits(text + 17, 2),
    };
    return wall_of_unix(timegm(&tm));
}

struct wall status_doc_time(const json_t *object, const char *key)
{
    return status_doc_parse_time(status_doc_text(object, key));
}

char *status_doc_span(struct dur d, char out[DUR_SIZE])
{
    const int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    int64_t s = dur_to_s(d);
    s = s < 0 ? -s : s;
    if (s >= day)
        s -= s % hour;
    else if (s >= 2 * minute)
        s -= s % minute;
    return dur_format(dur_s(s), out);
}
