/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

struct buf *buf_new(size_t max)
{
    struct buf *b = malloc(sizeof(*b));
    if (b)
        *b = BUF_INIT(max);
    return b;
}

void buf_free(struct buf *b)
{
    if (b)
        buf_release(b);
    free(b);
}

void buf_release(struct buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

/* Doubles, so that n additions copy O(n) bytes; the byte behind is for the NUL. */
static size_t next_cap(const struct buf *b, size_t wanted)
{
    size_t cap = b->cap < 64 ? 64 : b->cap;

    while (cap < wanted && cap <= SIZE_MAX / 2)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    return cap < wanted ? wanted : cap;
}

RESULT buf_reserve(struct buf *b, size_t len, uint8_t **ret_at)
{
    if (len > b->max - b->len)
        return err_new(ERR_REJECTED, "too large: more than %zu bytes", b->max);
    if (!b->data || b->cap - b->len < len) {
        size_t cap = next_cap(b, b->len + len);
        if (cap == SIZE_MAX)
            return err_nomem();
        uint8_t *data = realloc(b->data, cap + 1);
        if (!data)
            return err_nomem();
        b->data = data;
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    *ret_at = b->data + b->len;
    return NULL;
}

void buf_commit(struct buf *b, size_t len)
{
    if (len == 0)
        return;
    b->len += len;
    b->data[b->len] = '\0';
}

RESULT buf_add(struct buf *b, const void *data, size_t len)
{
    uint8_t *at = NULL;

    TRY(buf_reserve(b, len, &at));
    if (len > 0)
        memcpy(at, data, len);
    buf_commit(b, len);
    return NULL;
}

RESULT buf_add_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

RESULT buf_add_u8(struct buf *b, uint8_t v)
{
    return buf_add(b, &v, 1);
}

RESULT buf_add_u32be(struct buf *b, uint32_t v)
{
    const uint8_t be[] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    return buf_add(b, be, sizeof(be));
}

RESULT buf_add_u64be(struct buf *b, uint64_t v)
{
    uint8_t be[8];

    for (int i = 0; i < 8; i++)
        be[i] = (uint8_t)(v >> (56 - 8 * i));
    return buf_add(b, be, sizeof(be));
}

RESULT buf_printf(struct buf *b, const char *format, ...)
{
    CLEANUP(freep) char *text = NULL;
    va_list ap;

    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0) {
        text = NULL; /* undefined after a failure */
        return err_nomem();
    }
    return buf_add(b, text, (size_t)n);
}

const char *buf_str(const struct buf *b)
{
    return b->data ? (const char *)b->data : "";
}

char *buf_take_str(struct buf *b)
{
    char *s = b->data ? (char *)b->data : strdup("");

    b->data = NULL;
    b->len = b->cap = 0;
    return s;
}

struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->data, b->len};
}
