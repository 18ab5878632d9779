/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_suggest.h"

#include <string.h>

#define MAX_LENGTH 48

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, one row at a time. Both are at most MAX_LENGTH long. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[MAX_LENGTH + 1];
    size_t len = strlen(b);
    for (unsigned j = 0; j <= len; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= len; j++) {
            unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
            diagonal = above;
        }
    }
    return row[len];
}

void config_suggest_try(struct config_suggest *s, const char *name)
{
    size_t len = strlen(s->wrong);
    if (len > MAX_LENGTH || strlen(name) > MAX_LENGTH)
        return;
    unsigned d = distance(s->wrong, name);
    unsigned limit = len < 5 ? 1 : 3;
    if (d > limit || (s->best && d >= s->best_distance))
        return;
    s->best = name;
    s->best_distance = d;
}
