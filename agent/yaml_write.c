/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/yaml_write.h"

#include "base/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static RESULT put(struct yaml_write *w, const char *text)
{
    return secret_append(w->out, text, strlen(text));
}

static RESULT begin_line(struct yaml_write *w)
{
    unsigned spaces = w->depth * 2;
    bool is_item = w->is_item;
    w->is_item = false;
    for (unsigned i = is_item ? 2 : 0; i < spaces; i++)
        TRY(put(w, " "));
    return is_item ? put(w, "- ") : NULL;
}

static RESULT put_key(struct yaml_write *w, const char *key)
{
    TRY(begin_line(w));
    TRY(put(w, key));
    return put(w, ":");
}

struct err *yaml_write_open(struct yaml_write *w, const char *key)
{
    TRY(put_key(w, key));
    w->depth++;
    return put(w, "\n");
}

struct err *yaml_write_item(struct yaml_write *w)
{
    w->is_item = true;
    w->depth++;
    return NULL;
}

void yaml_write_close(struct yaml_write *w)
{
    w->depth--;
}

/* Words that mean something else without quotes, to this reader or to that of another tbot. */
static bool is_word_of_yaml(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no",  "on",
                                        "off",  "y",     "n",   "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool needs_quotes(const char *text)
{
    size_t len = strlen(text);
    bool begins_well = len > 0 && strchr(LETTERS "/", text[0]);
    bool is_simple = text[strspn(text, LETTERS "0123456789_./@:+-")] == '\0';
    return !begins_well || !is_simple || text[len - 1] == ':' || is_word_of_yaml(text);
}

/* Not for a file as they are: control characters, line ends of Unicode's, what is no character. */
static bool is_unprintable(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           c == 0xfffe || c == 0xffff;
}

static RESULT put_character(struct yaml_write *w, struct bytes encoded, uint32_t c)
{
    char escape[8];
    if (c == '"' || c == '\\')
        TRY(put(w, "\\"));
    if (!is_unprintable(c))
        return secret_append(w->out, encoded.data, encoded.len);
    snprintf(escape, sizeof(escape), c < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, c);
    return put(w, escape);
}

static RESULT put_text(struct yaml_write *w, const char *text)
{
    if (!needs_quotes(text))
        return put(w, text);
    TRY(put(w, "\""));
    for (struct bytes rest = bytes_of_str(text); rest.len > 0;) {
        uint32_t c = 0;
        size_t n = utf8_decode(rest, &c);
        if (n == 0)
            return err_new(ERR_CONFIG, "not UTF-8, which a YAML file cannot hold");
        TRY(put_character(w, (struct bytes){rest.data, n}, c));
        rest = (struct bytes){rest.data + n, rest.len - n};
    }
    return put(w, "\"");
}

struct err *yaml_write_text(struct yaml_write *w, const char *key, const char *value)
{
    TRY(put_key(w, key));
    TRY(put(w, " "));
    TRY_CTX(put_text(w, value), "key '%s'", key);
    return put(w, "\n");
}

static RESULT write_plain(struct yaml_write *w, const char *key, const char *value)
{
    TRY(put_key(w, key));
    TRY(put(w, " "));
    TRY(put(w, value));
    return put(w, "\n");
}

struct err *yaml_write_bool(struct yaml_write *w, const char *key, bool value)
{
    return write_plain(w, key, value ? "true" : "false");
}

static size_t add_unit(char *out, size_t size, int64_t n, const char *unit)
{
    if (n == 0)
        return 0;
    int written = snprintf(out, size, "%" PRId64 "%s", n, unit);
    return written < 0 ? 0 : (size_t)written;
}

/* Exact, and in the units Go knows (it has no days). */
struct err *yaml_write_duration(struct yaml_write *w, const char *key, struct dur value)
{
    char text[64] = "";
    int64_t s = value.ns / 1000000000;
    size_t n = add_unit(text, sizeof(text), s / 3600, "h");
    n += add_unit(text + n, sizeof(text) - n, s % 3600 / 60, "m");
    n += add_unit(text + n, sizeof(text) - n, s % 60, "s");
    add_unit(text + n, sizeof(text) - n, value.ns % 1000000000, "ns");
    return write_plain(w, key, *text ? text : "0s");
}

struct err *yaml_write_texts(struct yaml_write *w, const char *key, const struct strlist *values)
{
    if (values->len == 0)
        return NULL;
    TRY(yaml_write_open(w, key));
    for (size_t i = 0; i < values->len; i++) {
        TRY(yaml_write_item(w));
        TRY(begin_line(w));
        TRY_CTX(put_text(w, values->items[i]), "key '%s'", key);
        TRY(put(w, "\n"));
        yaml_write_close(w);
    }
    yaml_write_close(w);
    return NULL;
}
