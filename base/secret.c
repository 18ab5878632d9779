/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>

struct secret {
    uint8_t *pages;
    size_t size; /* of the mapping */
    uint8_t *data;
    size_t len;
    size_t cap; /* of content behind `data`, without the NUL */
};

static size_t whole_pages(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (len + page - 1) / page * page;
}

RESULT secret_with_room(size_t cap, struct secret **ret)
{
    if (cap > SIZE_MAX / 2)
        return err_nomem();
    CLEANUP(freep) struct secret *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->size = whole_pages(cap + 1);
    s->cap = cap;
    void *pages = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return err_nomem();
    s->pages = s->data = pages;
    /* Best effort: RLIMIT_MEMLOCK may be used up, and a secret in swap beats no service. */
    (void)mlock(pages, s->size);
    (void)madvise(pages, s->size, MADV_DONTDUMP);
    *ret = TAKE(s);
    return NULL;
}

RESULT secret_append(struct secret *s, const void *data, size_t len)
{
    if (len > s->cap - s->len)
        return err_new(ERR_REJECTED, "too large: more than %zu bytes", s->cap);
    if (len > 0)
        memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
    return NULL;
}

RESULT secret_new(const void *data, size_t len, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *s = NULL;

    TRY(secret_with_room(len, &s));
    TRY(secret_append(s, data, len));
    *ret = TAKE(s);
    return NULL;
}

RESULT secret_dup(const struct secret *s, struct secret **ret)
{
    return secret_new(s->data, s->len, ret);
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    secret_wipe(s->pages, s->size);
    munmap(s->pages, s->size);
    free(s);
}

struct bytes secret_bytes(const struct secret *s)
{
    return (struct bytes){s->data, s->len};
}

const char *secret_str(const struct secret *s)
{
    return (const char *)s->data;
}

bool secret_equals(const struct secret *s, struct bytes other)
{
    if (s->len != other.len)
        return false;
    return s->len == 0 || CRYPTO_memcmp(s->data, other.data, s->len) == 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void secret_trim(struct secret *s)
{
    while (s->len > 0 && is_space(s->data[s->len - 1]))
        s->data[--s->len] = '\0';
    while (s->len > 0 && is_space(*s->data)) {
        s->data++;
        s->len--;
        s->cap--;
    }
}

void secret_wipe(void *data, size_t len)
{
    if (len > 0)
        OPENSSL_cleanse(data, len);
}
