/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/string_table.h"

#include <string.h>

static size_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a: short texts, no enemy chooses them */

    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 0x100000001b3U;
    return h;
}

static size_t *find(const struct string_table *t, const char *text)
{
    size_t i = hash(text) % t->n_slots;

    while (t->slots[i] && strcmp(t->texts[t->slots[i] - 1], text) != 0)
        i = (i + 1) % t->n_slots;
    return &t->slots[i];
}

/* Doubles the room, so that half of the slots are free. */
static struct err *grow(struct string_table *t)
{
    size_t n_slots = t->n_slots ? 2 * t->n_slots : 256;
    char **texts = reallocarray(t->texts, n_slots / 2, sizeof(*texts));
    if (!texts)
        return err_nomem();
    t->texts = texts;
    size_t *slots = calloc(n_slots, sizeof(*slots));
    if (!slots)
        return err_nomem();
    free(t->slots);
    t->slots = slots;
    t->n_slots = n_slots;
    for (size_t i = 0; i < t->n; i++)
        *find(t, t->texts[i]) = i + 1;
    return NULL;
}

static struct err *add(struct string_table *t, const char *text)
{
    if (2 * t->n == t->n_slots)
        TRY(grow(t));
    char *copy = strdup(text);
    if (!copy)
        return err_nomem();
    t->texts[t->n++] = copy;
    *find(t, copy) = t->n;
    return NULL;
}

RESULT string_table_get(struct string_table *t, const char *text, size_t *ret)
{
    if (t->n == 0)
        TRY(add(t, ""));
    size_t *slot = find(t, text);
    if (*slot == 0) {
        TRY(add(t, text));
        slot = find(t, text); /* growing moves them */
    }
    *ret = *slot - 1;
    return NULL;
}

void string_table_release(struct string_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->texts[i]);
    free(t->texts);
    free(t->slots);
    *t = (struct string_table){0};
}
