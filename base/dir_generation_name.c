/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_generation_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static void format(struct wall t, char out[DIR_GENERATION_NAME_SIZE])
{
    char text[64];
    time_t seconds = (time_t)(t.ns / NS_PER_S);
    struct tm tm = {0};

    (void)gmtime_r(&seconds, &tm);
    size_t len = strftime(text, sizeof(text), "..%Y_%m_%d_%H_%M_%S", &tm);
    snprintf(text + len, sizeof(text) - len, ".%09ld", (long)(t.ns % NS_PER_S));
    memcpy(out, text, DIR_GENERATION_NAME_SIZE);
    out[DIR_GENERATION_NAME_SIZE - 1] = '\0';
}

/* Reads `digits` digits and steps over them and the character behind them. */
static bool step_number(const char **at, unsigned digits, char behind, int *ret)
{
    int n = 0;

    for (; digits > 0; digits--, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        n = n * 10 + (**at - '0');
    }
    *ret = n;
    return *(*at)++ == behind;
}

/* Takes any numbers: who asks compares with what the time is written as. */
static bool parse(const char *name, struct wall *ret)
{
    struct tm tm = {0};
    const char *at = name + 2;
    int ns = 0;

    if (strlen(name) != DIR_GENERATION_NAME_SIZE - 1 || strncmp(name, "..", 2) != 0)
        return false;
    if (!step_number(&at, 4, '_', &tm.tm_year) || !step_number(&at, 2, '_', &tm.tm_mon) ||
        !step_number(&at, 2, '_', &tm.tm_mday) || !step_number(&at, 2, '_', &tm.tm_hour) ||
        !step_number(&at, 2, '_', &tm.tm_min) || !step_number(&at, 2, '.', &tm.tm_sec) ||
        !step_number(&at, 9, '\0', &ns))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    struct wall whole = wall_of_unix((int64_t)timegm(&tm));
    *ret = wall_add(whole, (struct dur){ns});
    return whole.ns >= 0;
}

bool dir_generation_name_is_ours(const char *name)
{
    char again[DIR_GENERATION_NAME_SIZE];
    struct wall t;

    if (!parse(name, &t))
        return false;
    format(t, again);
    return strcmp(again, name) == 0;
}

void dir_generation_name_next(struct wall now, const char *after,
                              char ret[DIR_GENERATION_NAME_SIZE])
{
    struct wall last, t = now.ns > 0 ? now : (struct wall){0};

    if (*after && parse(after, &last) && !wall_before(last, t))
        t = wall_add(last, (struct dur){1});
    format(t, ret);
}
