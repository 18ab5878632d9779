/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/json_read.h"

#include "base/secret.h"

#include <malloc.h>
#include <string.h>

/*
 * The library recurses 2048 levels deep, on a stack of ours, and makes some 250 bytes of a "{}":
 * both are bounded before it runs.
 */
#define DEPTH_MAX 32
#define VALUES_MAX 65536

/*
 * What others wrote may hold keys (a Kubernetes secret does), and the library copies every text, some of
 * them twice. All that it frees is wiped, from before it is first used.
 */
static void wipe_and_free(void *memory)
{
    if (memory)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

__attribute__((constructor)) static void keep_nothing(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

static RESULT check_shape(const char *what, struct bytes in)
{
    size_t depth = 0;
    size_t values = 0;
    bool is_in_text = false;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        if (c == '"')
            is_in_text = !is_in_text;
        else if (is_in_text && c == '\\')
            i++;
        else if (!is_in_text && (c == '[' || c == '{'))
            depth++, values++;
        else if (!is_in_text && c == ',')
            values++;
        else if (!is_in_text && (c == ']' || c == '}') && depth > 0)
            depth--;
        if (depth > DEPTH_MAX || values > VALUES_MAX)
            return err_new(ERR_PROTOCOL, "%s: nested too deeply or too many values", what);
    }
    return NULL;
}

RESULT json_read(const char *what, struct bytes in, json_type type, json_t **ret)
{
    TRY(check_shape(what, in));
    json_error_t error;
    json_t *j = json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES, &error);
    if (!j && json_error_code(&error) == json_error_out_of_memory)
        return err_nomem();
    if (!j)
        return err_new(ERR_PROTOCOL, "%s: not JSON, at byte %d", what, error.position);
    if (json_typeof(j) != type) {
        json_decref(j);
        return err_new(ERR_PROTOCOL, "%s: not %s", what,
                       type == JSON_ARRAY ? "a list" : "an object");
    }
    *ret = j;
    return NULL;
}

RESULT json_read_member(const char *what, const json_t *object, const char *name, json_type type,
                        const json_t **ret)
{
    const json_t *j = json_object_get(object, name);
    if (j && !json_is_null(j) && json_typeof(j) != type)
        return err_new(ERR_PROTOCOL, "%s: '%s' has the wrong type", what, name);
    *ret = json_is_null(j) ? NULL : j;
    return NULL;
}

RESULT json_read_flag(const char *what, const json_t *object, const char *name, bool *ret)
{
    const json_t *j = json_object_get(object, name);
    if (j && !json_is_null(j) && !json_is_boolean(j))
        return err_new(ERR_PROTOCOL, "%s: '%s' has the wrong type", what, name);
    *ret = json_is_true(j);
    return NULL;
}

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return true;
    return false;
}

RESULT json_read_text(const char *what, const json_t *object, const char *name, size_t size,
                      char *ret)
{
    const json_t *j = NULL;
    TRY(json_read_member(what, object, name, JSON_STRING, &j));
    size_t len = j ? json_string_length(j) : 0;
    if (len >= size || has_control(json_string_value(j), len))
        return err_new(ERR_PROTOCOL, "%s: '%s' is too long or holds control characters", what,
                       name);
    memcpy(ret, j ? json_string_value(j) : "", len + 1);
    return NULL;
}
