/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_memory.h"

#include <stdalign.h>

#define BLOCK_SIZE ((size_t)4096)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct msg_memory {
    ProtobufCAllocator allocator;
    struct block *blocks; /* the newest first */
    size_t left;
    enum err_code failure;
};

static void *allocate(void *memory, size_t size)
{
    return msg_memory_alloc(memory, size);
}

static void keep(void *memory, void *pointer)
{
    (void)memory;
    (void)pointer;
}

RESULT msg_memory_new(size_t budget, struct msg_memory **ret)
{
    struct msg_memory *m = calloc(1, sizeof(*m));
    if (!m)
        return err_nomem();
    m->allocator = (ProtobufCAllocator){.alloc = allocate, .free = keep, .allocator_data = m};
    m->left = budget;
    *ret = m;
    return NULL;
}

void msg_memory_free(struct msg_memory *m)
{
    if (!m)
        return;
    while (m->blocks) {
        struct block *b = m->blocks;
        m->blocks = b->next;
        secret_wipe(b->data, b->used);
        free(b);
    }
    free(m);
}

static struct block *add_block(struct msg_memory *m, size_t at_least)
{
    size_t size = at_least > BLOCK_SIZE ? at_least : BLOCK_SIZE;
    struct block *b = calloc(1, sizeof(*b) + size);
    if (!b)
        return NULL;
    b->size = size;
    b->next = m->blocks;
    m->blocks = b;
    return b;
}

void *msg_memory_alloc(struct msg_memory *m, size_t size)
{
    size_t align = alignof(max_align_t);
    size_t rounded = (size + align - 1) / align * align;
    if (rounded < size || rounded > m->left) {
        m->failure = ERR_PROTOCOL;
        return NULL;
    }
    struct block *b = m->blocks;
    if (!b || b->size - b->used < rounded)
        b = add_block(m, rounded);
    if (!b) {
        m->failure = ERR_NOMEM;
        return NULL;
    }
    void *at = b->data + b->used;
    b->used += rounded;
    m->left -= rounded;
    return at;
}

enum err_code msg_memory_failure(const struct msg_memory *m)
{
    return m->failure;
}

ProtobufCAllocator *msg_memory_allocator(struct msg_memory *m)
{
    return &m->allocator;
}
