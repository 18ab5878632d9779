/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/terminal.h"

#include "cmd/plain_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 60 /* on less than that nothing is wrapped: the terminal does it no worse */

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

static bool has_cursor(void)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0;
}

struct terminal terminal_of(FILE *to)
{
    struct winsize size = {0};
    struct terminal t = {0};
    if (!isatty(fileno(to)))
        return t;
    t.has_cursor = has_cursor();
    t.has_colour = t.has_cursor && !is_set("NO_COLOR");
    if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col >= NARROWEST)
        t.width = size.ws_col;
    return t;
}

void terminal_put_words(FILE *to, size_t width, const char *text, size_t column, size_t at)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        size_t columns = plain_text_columns(text, len);
        bool is_first = at == column;
        if (width > 0 && !is_first && at + 1 + columns > width) {
            fprintf(to, "\n%*s", (int)column, "");
            at = column;
            is_first = true;
        }
        fprintf(to, "%s%.*s", is_first ? "" : " ", (int)len, text);
        at += columns + !is_first;
        text += len;
        text += strspn(text, " ");
    }
}
