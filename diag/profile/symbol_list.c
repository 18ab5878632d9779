/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/symbol_list.h"

#include "diag/profile/pb.h"

#include <string.h>
#include <zlib.h>

#define MAGIC "tbs1"
#define HEADER_SIZE 8

void symbol_list_release(struct symbol_list *l)
{
    free(l->items);
    buf_release(&l->names);
    l->items = NULL;
    l->n = 0;
}

const struct symbol *symbol_list_find(const struct symbol_list *l, uint64_t at)
{
    size_t low = 0,
           high = l->n; /* those before `low` begin at or before it, those from `high` on not */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->items[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &l->items[low - 1] : NULL;
}

static struct err *put_plain(const struct symbol_list *l, struct buf *plain)
{
    uint64_t before = 0;

    TRY(pb_varint(plain, l->n));
    for (size_t i = 0; i < l->n; i++) {
        TRY(pb_varint(plain, l->items[i].at - before));
        before = l->items[i].at;
    }
    for (size_t i = 0; i < l->n; i++)
        TRY(buf_add(plain, l->items[i].name, strlen(l->items[i].name) + 1));
    return NULL;
}

RESULT symbol_list_pack(const struct symbol_list *l, struct buf *out)
{
    CLEANUP(buf_release) struct buf plain = BUF_INIT(SYMBOL_LIST_BYTES_MAX);
    uint8_t *at = NULL;

    TRY(put_plain(l, &plain));
    TRY(buf_add_str(out, MAGIC));
    for (unsigned shift = 0; shift < 32; shift += 8)
        TRY(buf_add_u8(out, (uint8_t)(plain.len >> shift)));
    uLongf size = compressBound(plain.len);
    TRY(buf_reserve(out, size, &at));
    if (compress2(at, &size, plain.data, plain.len, Z_BEST_COMPRESSION) != Z_OK)
        return err_nomem(); /* room there is: nothing else can go wrong */
    buf_commit(out, size);
    return NULL;
}

static bool get_varint(struct bytes *in, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64 && in->len; shift += 7) {
        uint8_t byte = *in->data;
        in->data++;
        in->len--;
        *ret |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static struct err *not_ours(const char *why)
{
    return err_new(ERR_PROTOCOL, "read section '%s': %s", SYMBOL_LIST_SECTION, why);
}

/* `l->names` holds the whole plain form, `in` what of it is behind the count. */
static struct err *get_plain(struct symbol_list *l, struct bytes in)
{
    uint64_t at = 0, distance = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (!get_varint(&in, &distance))
            return not_ours("cut short");
        at += distance;
        l->items[i].at = at;
    }
    for (size_t i = 0; i < l->n; i++) {
        const uint8_t *end = in.len ? memchr(in.data, '\0', in.len) : NULL;
        if (!end)
            return not_ours("fewer names than functions");
        l->items[i].name = (const char *)in.data;
        in.len -= (size_t)(end + 1 - in.data);
        in.data = end + 1;
    }
    return NULL;
}

static struct err *inflate_into(struct bytes packed, struct buf *plain)
{
    if (packed.len < HEADER_SIZE || memcmp(packed.data, MAGIC, strlen(MAGIC)) != 0)
        return not_ours("not of this kind");
    uLongf size = 0;
    for (unsigned i = 0; i < 4; i++)
        size |= (uLongf)packed.data[4 + i] << (8 * i);
    uLongf wanted = size;
    uint8_t *at = NULL;
    TRY(buf_reserve(plain, size, &at));
    if (uncompress(at, &size, packed.data + HEADER_SIZE, packed.len - HEADER_SIZE) != Z_OK ||
        size != wanted)
        return not_ours("damaged");
    buf_commit(plain, size);
    return NULL;
}

RESULT symbol_list_unpack(struct bytes packed, struct symbol_list *ret)
{
    CLEANUP(symbol_list_release) struct symbol_list l = SYMBOL_LIST_INIT;
    uint64_t n = 0;

    TRY(inflate_into(packed, &l.names));
    struct bytes in = buf_bytes(&l.names);
    if (!get_varint(&in, &n) || n > SYMBOL_LIST_MAX)
        return not_ours("an odd number of functions");
    l.items = calloc(n ? n : 1, sizeof(l.items[0]));
    if (!l.items)
        return err_nomem();
    l.n = n;
    TRY(get_plain(&l, in));
    *ret = l;
    l = SYMBOL_LIST_INIT;
    return NULL;
}
