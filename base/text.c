/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_equals(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

RESULT text_format(char **ret, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(ret, format, ap);
    va_end(ap);
    if (n >= 0)
        return NULL;
    *ret = NULL; /* undefined after a failure */
    return err_nomem();
}

bool text_take_prefix(const char **text, const char *prefix)
{
    size_t len = strlen(prefix);
    bool has = strncmp(*text, prefix, len) == 0;
    *text += has ? len : 0;
    return has;
}

bool text_number(const char *text, int64_t *ret)
{
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

int text_digits(const char *text, size_t len)
{
    int value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}
