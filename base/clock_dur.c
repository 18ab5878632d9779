/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t ns;
};

/* Longer names before those they begin with. Both micro signs that Go knows, U+00B5 and U+03BC. */
static const struct unit go_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000},
    {"\xce\xbcs", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", UINT64_C(60) * 1000000000},
    {"h", UINT64_C(3600) * 1000000000},
};

static const struct unit *unit_at(const char *text)
{
    for (size_t i = 0; i < sizeof(go_units) / sizeof(go_units[0]); i++) {
        if (strncmp(text, go_units[i].name, strlen(go_units[i].name)) == 0)
            return &go_units[i];
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "1.5h" at *at: adds it to *sum and moves on. False when it is none, or too large. */
static bool add_component(const char **at, uint64_t *sum)
{
    const char *p = *at;
    uint64_t whole = 0, part = 0, scale = 1, ns;
    bool digits = false;

    for (; is_digit(*p); p++, digits = true) {
        if (__builtin_mul_overflow(whole, UINT64_C(10), &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
            return false;
    }
    if (*p == '.') {
        for (p++; is_digit(*p); p++, digits = true) {
            if (scale >= UINT64_C(1000000)) /* a millionth of an hour is 3.6 ms: enough */
                continue;
            part = part * 10 + (uint64_t)(*p - '0');
            scale *= 10;
        }
    }
    const struct unit *unit = digits ? unit_at(p) : NULL;
    if (!unit || __builtin_mul_overflow(whole, unit->ns, &ns))
        return false;
    *at = p + strlen(unit->name);
    return !__builtin_add_overflow(ns, part * unit->ns / scale, &ns) &&
           !__builtin_add_overflow(*sum, ns, sum) && *sum <= INT64_MAX;
}

RESULT dur_parse(const char *text, struct dur *ret)
{
    const char *at = text + (*text == '-' || *text == '+');
    uint64_t sum = 0;

    if (strcmp(at, "0") == 0) {
        *ret = (struct dur){0};
        return NULL;
    }
    do {
        if (!add_component(&at, &sum))
            return err_set_hint(
                err_new(ERR_CONFIG, "not a duration: '%s'", text),
                "Write numbers with units, such as \"1h30m\", \"90s\" or \"250ms\".");
    } while (*at);
    *ret = (struct dur){*text == '-' ? -(int64_t)sum : (int64_t)sum};
    return NULL;
}

/* Two neighbouring units say enough to a person: the first that is not zero and the next. */
static void format_units(uint64_t s, char *out, size_t size)
{
    static const struct {
        uint64_t s;
        char name;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (s < units[i].s)
        i++;
    uint64_t second = i < 3 ? s % units[i].s / units[i + 1].s : 0;
    int n = snprintf(out, size, "%" PRIu64 "%c", s / units[i].s, units[i].name);
    if (second > 0 && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, "%" PRIu64 "%c", second, units[i + 1].name);
}

char *dur_format(struct dur d, char out[DUR_SIZE])
{
    uint64_t ns = d.ns < 0 ? -(uint64_t)d.ns : (uint64_t)d.ns;
    uint64_t ms = ns / 1000000;
    size_t sign = d.ns < 0;

    if (sign)
        out[0] = '-';
    if (ns == 0)
        snprintf(out, DUR_SIZE, "0s");
    else if (ns < 1000000)
        snprintf(out + sign, DUR_SIZE - sign, "%" PRIu64 "us", ns / 1000);
    else if (ns < 1000000000)
        snprintf(out + sign, DUR_SIZE - sign, "%" PRIu64 "ms", ms);
    else if (ns < UINT64_C(10) * 1000000000 && ms % 1000 != 0)
        snprintf(out + sign, DUR_SIZE - sign, "%.3gs", (double)ms / 1e3);
    else
        format_units(ns / 1000000000, out + sign, DUR_SIZE - sign);
    return out;
}
