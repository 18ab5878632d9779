/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec.h"

#include "base/encode.h"
#include "proto/msg_memory.h"

#include <string.h>

/* Text and bytes are copied once more than they arrive; structs of small messages weigh most. */
#define DECODE_BUDGET(len) (((size_t)64 << 10) + 8 * (len))
#define ENCODE_BUDGET (4 * MSG_MAX)

#define NANOS_PER_SECOND 1000000000

/* --- errors --- */

void codec_note(struct codec *c, struct err *e)
{
    if (c->err)
        err_ignore(e, "only the first error of a message is told");
    else
        c->err = e;
}

static void fail_memory(struct codec *c)
{
    if (msg_memory_failure(c->memory) == ERR_PROTOCOL)
        codec_note(c, err_new(ERR_PROTOCOL, "%s: takes too much memory", c->what));
    else
        codec_note(c, err_nomem());
}

static RESULT end(struct codec *c)
{
    struct err *e = TAKE(c->err);
    if (e)
        msg_memory_free(TAKE(c->memory));
    return e;
}

static void *allocate(struct codec *c, size_t size)
{
    if (!c->memory) {
        struct err *e = msg_memory_new(ENCODE_BUDGET, &c->memory);
        if (e) {
            codec_note(c, e);
            return NULL;
        }
    }
    void *p = msg_memory_alloc(c->memory, size);
    if (!p)
        fail_memory(c);
    return p;
}

void *codec_array(struct codec *c, size_t n, size_t size, const char *field)
{
    if (n == 0)
        return NULL;
    if (n > MSG_MAX_ITEMS) {
        codec_note(c, err_new(ERR_PROTOCOL, "%s: %s: %zu entries, more than %d", c->what, field, n,
                              MSG_MAX_ITEMS));
        return NULL;
    }
    return allocate(c, n * size);
}

/* --- decoding --- */

RESULT codec_open(struct codec *c, const char *what, struct bytes in,
                  const ProtobufCMessageDescriptor *type, void *ret_message)
{
    *c = (struct codec){.what = what};
    if (in.len > MSG_MAX)
        return err_new(ERR_PROTOCOL, "%s: %zu bytes, more than %zu", what, in.len, MSG_MAX);
    TRY(msg_memory_new(DECODE_BUDGET(in.len), &c->memory));
    static const uint8_t nothing;
    ProtobufCMessage *m = protobuf_c_message_unpack(type, msg_memory_allocator(c->memory), in.len,
                                                    in.len ? in.data : &nothing);
    if (m) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): the pointer is what is copied */
        memcpy(ret_message, &m, sizeof(m));
        return NULL;
    }
    if (msg_memory_failure(c->memory) != ERR_OK)
        fail_memory(c);
    codec_note(c, err_new(ERR_PROTOCOL, "%s: not a valid protobuf message", what));
    return end(c);
}

RESULT codec_close(struct codec *c, struct msg_memory **ret)
{
    TRY(end(c));
    *ret = TAKE(c->memory);
    return NULL;
}

static bool is_text(const uint8_t *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = utf8_decode((struct bytes){s + i, len - i}, &c);
        if (n == 0 || c == 0)
            return false;
        i += n;
    }
    return true;
}

/* NULL on failure. */
static char *copy_text(struct codec *c, ProtobufCBinaryData v, const char *field)
{
    if (!is_text(v.data, v.len)) {
        codec_note(c, err_new(ERR_PROTOCOL, "%s: %s: not text (a NUL byte or invalid UTF-8)",
                              c->what, field));
        return NULL;
    }
    char *s = allocate(c, v.len + 1);
    if (s && v.len)
        memcpy(s, v.data, v.len);
    return s;
}

const char *codec_text(struct codec *c, ProtobufCBinaryData v, const char *field)
{
    const char *s = v.len ? copy_text(c, v, field) : NULL;
    return s ? s : "";
}

struct strlist codec_texts(struct codec *c, const ProtobufCBinaryData *v, size_t n,
                           const char *field)
{
    struct strlist l = {.items = codec_array(c, n, sizeof(char *), field)};
    while (l.items && l.len < n) {
        l.items[l.len] = copy_text(c, v[l.len], field);
        if (!l.items[l.len])
            break;
        l.len++;
    }
    return l;
}

struct bytes codec_bytes(ProtobufCBinaryData v)
{
    return (struct bytes){v.data, v.len};
}

struct msg_blobs codec_blobs(struct codec *c, const ProtobufCBinaryData *v, size_t n,
                             const char *field)
{
    struct msg_blobs l = {.items = codec_array(c, n, sizeof(struct bytes), field)};
    for (; l.items && l.len < n; l.len++)
        l.items[l.len] = codec_bytes(v[l.len]);
    return l;
}

struct wall codec_time(struct codec *c, const Timestamp *t, const char *field)
{
    if (!t || t->seconds < 0)
        return WALL_NONE;
    if (t->nanos < 0 || t->nanos >= NANOS_PER_SECOND) {
        codec_note(c, err_new(ERR_PROTOCOL, "%s: %s: not a time (%d nanoseconds)", c->what, field,
                              t->nanos));
        return WALL_NONE;
    }
    if (t->seconds >= INT64_MAX / NANOS_PER_SECOND)
        return WALL_NEVER;
    return (struct wall){t->seconds * NANOS_PER_SECOND + t->nanos};
}

/* --- encoding --- */

ProtobufCBinaryData codec_of_bytes(struct bytes b)
{
    /* The generated types are not const; packing only reads. */
    return (ProtobufCBinaryData){.len = b.len, .data = (uint8_t *)(uintptr_t)b.data};
}

ProtobufCBinaryData codec_of_text(const char *s)
{
    return codec_of_bytes(bytes_of_str(s ? s : ""));
}

ProtobufCBinaryData *codec_of_texts(struct codec *c, const struct strlist *l, size_t *ret_n)
{
    ProtobufCBinaryData *v = codec_array(c, l->len, sizeof(*v), "list");
    *ret_n = v ? l->len : 0;
    for (size_t i = 0; i < *ret_n; i++)
        v[i] = codec_of_text(l->items[i]);
    return v;
}

ProtobufCBinaryData *codec_of_blobs(struct codec *c, const struct msg_blobs *l, size_t *ret_n)
{
    ProtobufCBinaryData *v = codec_array(c, l->len, sizeof(*v), "list");
    *ret_n = v ? l->len : 0;
    for (size_t i = 0; i < *ret_n; i++)
        v[i] = codec_of_bytes(l->items[i]);
    return v;
}

Timestamp *codec_of_time(struct wall w, Timestamp *t)
{
    if (w.ns <= 0)
        return NULL;
    google__protobuf__timestamp__init(t);
    t->seconds = w.ns / NANOS_PER_SECOND;
    t->nanos = (int32_t)(w.ns % NANOS_PER_SECOND);
    return t;
}

static RESULT pack_into(const ProtobufCMessage *m, struct buf *out)
{
    size_t size = protobuf_c_message_get_packed_size(m);
    uint8_t *at = NULL;
    if (size == 0)
        return NULL;
    TRY(buf_reserve(out, size, &at));
    buf_commit(out, protobuf_c_message_pack(m, at));
    return NULL;
}

RESULT codec_pack(struct codec *c, const ProtobufCMessage *m, struct buf *out)
{
    TRY(end(c));
    struct err *e = pack_into(m, out);
    msg_memory_free(TAKE(c->memory));
    return e ? err_wrap(e, "%s", c->what) : NULL;
}

RESULT codec_pack_secret(struct codec *c, const ProtobufCMessage *m, struct secret **ret)
{
    TRY(end(c));
    size_t size = protobuf_c_message_get_packed_size(m);
    uint8_t *at = allocate(c, size); /* wiped with the memory */
    if (!at)
        return end(c);
    protobuf_c_message_pack(m, at);
    struct err *e = secret_new(at, size, ret);
    msg_memory_free(TAKE(c->memory));
    return e;
}
