/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strlist.h"

#include <string.h>

void strlist_release(struct strlist *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct strlist){0};
}

/* Full at 0, 4, 8, 16, …: the capacity follows from the length and is not stored. */
static bool is_full(size_t len)
{
    return len == 0 || (len >= 4 && (len & (len - 1)) == 0);
}

RESULT strlist_add_n(struct strlist *l, const void *s, size_t len)
{
    if (is_full(l->len)) {
        size_t cap = l->len == 0 ? 4 : l->len * 2;
        char **items = reallocarray(l->items, cap, sizeof(*items));
        if (!items)
            return err_nomem();
        l->items = items;
    }
    char *copy = malloc(len + 1);
    if (!copy)
        return err_nomem();
    if (len > 0)
        memcpy(copy, s, len);
    copy[len] = '\0';
    l->items[l->len++] = copy;
    return NULL;
}

RESULT strlist_add(struct strlist *l, const char *s)
{
    return strlist_add_n(l, s, strlen(s));
}

RESULT strlist_copy(struct strlist *to, const struct strlist *from)
{
    struct strlist copy = {0};

    for (size_t i = 0; i < from->len; i++) {
        struct err *e = strlist_add(&copy, from->items[i]);
        if (e) {
            strlist_release(&copy);
            return e;
        }
    }
    strlist_release(to);
    *to = copy;
    return NULL;
}

bool strlist_has(const struct strlist *l, const char *s)
{
    for (size_t i = 0; i < l->len; i++) {
        if (strcmp(l->items[i], s) == 0)
            return true;
    }
    return false;
}

bool strlist_equals(const struct strlist *a, const struct strlist *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

RESULT strlist_split(struct strlist *l, const char *s, char separator)
{
    while (*s) {
        const char *end = strchrnul(s, separator);
        if (end > s)
            TRY(strlist_add_n(l, s, (size_t)(end - s)));
        s = *end ? end + 1 : end;
    }
    return NULL;
}

char *strlist_join(const struct strlist *l, const char *between)
{
    CLEANUP(buf_freep) struct buf *b = buf_new(SIZE_MAX);

    if (!b)
        return NULL;
    for (size_t i = 0; i < l->len; i++) {
        struct err *e = buf_printf(b, "%s%s", i > 0 ? between : "", l->items[i]);
        if (e) {
            err_ignore(e, "the only cause is memory, which NULL says");
            return NULL;
        }
    }
    return l->len > 0 ? buf_take_str(b) : strdup("none");
}
