/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_MSG_H
#define TBOT_PROTO_MSG_H

/*
 * Messages as plain structs, in both directions: the agent encodes what the development authority
 * decodes, and the other way round. The generated protobuf types stay inside proto/.
 *
 *     CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = { 0 };
 *     TRY(msg_ping_reply_decode(buf_bytes(reply), &ping));
 *
 * Ownership: a decoded message owns all it points at through `memory` (one arena, wiped when it is
 * released; the input is not referred to). Its lists are views into that arena: copy them with
 * strlist_copy(), never release them. A message filled by hand to be encoded borrows everything and
 * has no memory; releasing it does nothing.
 *
 * Text is never NULL after decoding ("" when absent), and is valid UTF-8 without NUL bytes:
 * anything else is refused, as these texts decide who somebody is. NULL and "" encode alike: not at
 * all. Times that are absent, or Go's zero time, are WALL_NONE.
 *
 * Limits: a message has at most MSG_MAX bytes, a list at most MSG_MAX_ITEMS entries, and decoding
 * takes memory in proportion to the input only. Errors: ERR_PROTOCOL (malformed or over a limit),
 * ERR_NOMEM; encoding adds at most what `out` allows (ERR_REJECTED).
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/strlist.h"

#define MSG_MAX ((size_t)4 << 20)
#define MSG_MAX_ITEMS 4096

struct msg_memory;

void msg_memory_free(struct msg_memory *m); /* wipes; accepts NULL */
DEFINE_FREEP(msg_memory)

#define MSG_DECODER(name)                                                                          \
    RESULT name##_decode(struct bytes in, struct name *ret);                                       \
    static inline void name##_release(struct name *m)                                              \
    {                                                                                              \
        msg_memory_free(TAKE(m->memory));                                                          \
    }

/* Declares name_decode(), name_encode() and name_release() of `struct name`. */
#define MSG_CODEC(name)                                                                            \
    MSG_DECODER(name)                                                                              \
    RESULT name##_encode(const struct name *m, struct buf *out);

/* The same for a message that carries a secret. */
#define MSG_SECRET_CODEC(name)                                                                     \
    MSG_DECODER(name)                                                                              \
    RESULT name##_encode(const struct name *m, struct secret **ret);

/* Bytes that are not text, e.g. DER. */
struct msg_blobs {
    struct bytes *items;
    size_t len;
};

#endif
