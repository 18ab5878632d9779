/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/say.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>

#define LINE_MAX_SIZE 1024

static atomic_bool is_silent;

void say_nothing(void)
{
    atomic_store(&is_silent, true);
}

void say(const char *format, ...)
{
    if (atomic_load(&is_silent))
        return;
    char text[LINE_MAX_SIZE], when[RFC3339_SIZE], line[LINE_MAX_SIZE + RFC3339_SIZE + 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* Names and texts of clients must not be able to forge a line of their own. */
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    wall_format(clock_wall(clock_system()), true, when);
    int len = snprintf(line, sizeof(line), "%s %s\n", when, text);
    /* One write, so that lines of several threads do not mix. Nothing to do if it fails. */
    ssize_t done = write(STDERR_FILENO, line, (size_t)len);
    (void)done;
}

void say_err(const char *what, struct err *e)
{
    if (!e)
        return;
    CLEANUP(freep) char *text = err_text(e);
    const char *hint = err_hint(e);
    say("%s: %s%s%s", what, text ? text : "out of memory", hint ? ". " : "", hint ? hint : "");
    err_free(e);
}
