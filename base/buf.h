/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_BUF_H
#define TBOT_BASE_BUF_H

/*
 * A growable, bounded byte buffer.
 *
 * `data` is NULL while nothing was ever added; after the first addition there is always one NUL
 * byte behind the `len` bytes, so a buffer of text can be printed as a C string: buf_str(). It never
 * grows past `max`, given at birth: the limit of whatever is read into it. Adding past it fails with
 * ERR_REJECTED, "too large".
 *
 * For anything secret use struct secret (base/secret.h): a buffer is not wiped.
 */

#include "base/cleanup.h"
#include "base/err.h"

#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap; /* private */
    size_t max;
};

/* A view of bytes somebody else owns. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

#define BUF_INIT(max_) ((struct buf){.max = (max_)})

/* NULL when memory is gone. */
struct buf *buf_new(size_t max);
void buf_free(struct buf *b);
void buf_release(struct buf *b); /* for BUF_INIT: frees the memory, the buffer is empty again */
void buf_clear(struct buf *b);   /* len = 0, keeps the memory */
DEFINE_FREEP(buf)

RESULT buf_add(struct buf *b, const void *data, size_t len);
RESULT buf_add_str(struct buf *b, const char *s);
RESULT buf_add_u8(struct buf *b, uint8_t v);
RESULT buf_add_u32be(struct buf *b, uint32_t v);
RESULT buf_add_u64be(struct buf *b, uint64_t v);
RESULT buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `len` more bytes; *ret_at points at it. Follow with buf_commit(). */
RESULT buf_reserve(struct buf *b, size_t len, uint8_t **ret_at);
void buf_commit(struct buf *b, size_t len);

/* The text, "" while empty. */
const char *buf_str(const struct buf *b);

/* Takes the NUL-terminated text out; the buffer is empty afterwards. Caller frees. NULL: no memory. */
char *buf_take_str(struct buf *b);

struct bytes buf_bytes(const struct buf *b);

static inline struct bytes bytes_of_str(const char *s)
{
    return (struct bytes){(const uint8_t *)s, __builtin_strlen(s)};
}

#endif
