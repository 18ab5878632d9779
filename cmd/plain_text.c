/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/plain_text.h"

#include "base/encode.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* `kept`: a control character that stays; 0: none. */
static char *make_plain(const char *text, uint32_t kept)
{
    size_t left = strlen(text);
    char *copy = malloc(left + 1);
    char *out = copy;
    if (!copy)
        return NULL;
    while (left > 0) {
        uint32_t c = 0;
        size_t len = utf8_decode((struct bytes){(const uint8_t *)text, left}, &c);
        bool is_plain = len > 0 && (c == kept || !is_control(c));
        len = len > 0 ? len : 1;
        if (is_plain)
            memcpy(out, text, len);
        else
            *out = '?';
        out += is_plain ? len : 1;
        text += len;
        left -= len;
    }
    *out = '\0';
    return copy;
}

char *plain_text(const char *text)
{
    return make_plain(text, 0);
}

char *plain_lines(const char *text)
{
    return make_plain(text, '\n');
}

size_t plain_text_columns(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80; /* not a continuation */
    return columns;
}

size_t plain_text_fit(const char *text, size_t columns)
{
    size_t len = 0, next = 0;
    while (text[next]) {
        do
            next++;
        while (((unsigned char)text[next] & 0xc0) == 0x80);
        if (columns-- == 0)
            break;
        len = next;
    }
    return len;
}
