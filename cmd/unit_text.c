/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_text.h"

#include "base/encode.h"

#include <string.h>

/* Letters and digits apart, what means itself anywhere in a line. */
#define PLAIN "/._-+@:,="

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

RESULT unit_text_check(const char *what, const char *text)
{
    struct bytes rest = bytes_of_str(text);
    while (rest.len > 0) {
        uint32_t c = 0;
        size_t n = utf8_decode(rest, &c);
        if (n == 0)
            return err_new(ERR_CONFIG, "%s is not UTF-8, which a unit file must be", what);
        if (is_control(c))
            return err_set_hint(
                err_new(ERR_CONFIG, "%s holds the control character 0x%02x", what, (unsigned)c),
                "A unit file cannot carry it: give the place another name.");
        rest.data += n;
        rest.len -= n;
    }
    return NULL;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr(PLAIN, c);
}

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (; *text; text++)
        if (!is_plain(*text) && *text != '%' && *text != '$')
            return true;
    return false;
}

static RESULT add_char(struct buf *to, enum unit_word kind, char c)
{
    if (c == '%' || (c == '$' && kind == UNIT_WORD_ARGUMENT))
        TRY(buf_add_u8(to, (uint8_t)c));
    else if (c == '"' || c == '\\')
        TRY(buf_add_u8(to, '\\'));
    return buf_add_u8(to, (uint8_t)c);
}

RESULT unit_text_add_word(struct buf *to, enum unit_word kind, const char *text)
{
    const char *quote = needs_quotes(text) ? "\"" : "";
    TRY(buf_add_str(to, quote));
    for (; *text; text++)
        TRY(add_char(to, kind, *text));
    return buf_add_str(to, quote);
}

RESULT unit_text_add_rest(struct buf *to, const char *what, const char *text)
{
    size_t len = strlen(text);
    if (len > 0 && (text[len - 1] == '\\' || text[len - 1] == ' '))
        return err_set_hint(
            err_new(ERR_CONFIG, "%s '%s' ends in a backslash or a blank", what, text),
            "A unit file cannot carry it: give the file another name.");
    for (; *text; text++) {
        if (*text == '%')
            TRY(buf_add_u8(to, '%'));
        TRY(buf_add_u8(to, (uint8_t)*text));
    }
    return NULL;
}
