/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook_lines.h"

#include <stdio.h>
#include <string.h>

#define CUT "..."
#define ROOM (HOOK_LINES_SIZE - sizeof(CUT)) /* of what is kept of a long line */

static void put(struct hook_lines *l, const char *text, size_t len)
{
    if (l->is_cut)
        return;
    l->is_cut = l->len + len > ROOM;
    if (l->is_cut)
        text = CUT, len = strlen(CUT);
    memcpy(l->line + l->len, text, len);
    l->len += len;
}

static void end_line(struct hook_lines *l)
{
    l->line[l->len] = '\0';
    if (l->len > 0 && l->told < HOOK_LINES_MAX) {
        l->told++;
        l->tell(l->arg, l->line);
    } else {
        l->untold += l->len > 0;
    }
    l->len = 0;
    l->is_cut = false;
}

/* The number of a byte, where it could steer a terminal or is no ASCII: an encoding is not known here. */
static void put_byte(struct hook_lines *l, char c)
{
    char escaped[sizeof("\\xNN")];
    if (c == '\t')
        c = ' ';
    if (c >= ' ' && c <= '~') {
        put(l, &c, 1);
        return;
    }
    int len = snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)c);
    put(l, escaped, (size_t)len);
}

void hook_lines_add(struct hook_lines *l, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            end_line(l);
        else if (data[i] != '\r')
            put_byte(l, data[i]);
    }
}

void hook_lines_end(struct hook_lines *l)
{
    char rest[64];
    end_line(l);
    if (l->untold == 0)
        return;
    snprintf(rest, sizeof(rest), "(%u further lines are left out)", l->untold);
    l->untold = 0;
    l->tell(l->arg, rest);
}
