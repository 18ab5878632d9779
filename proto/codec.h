/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_PROTO_CODEC_H
#define TBOT_PROTO_CODEC_H

/*
 * Private to proto/: between generated protobuf types and plain structs.
 *
 *     struct codec c;
 *     const Proto__PingResponse *p = NULL;
 *     TRY(codec_open(&c, "Ping reply", in, &proto__ping_response__descriptor, &p));
 *     struct msg_ping_reply m = { .cluster_name = codec_text(&c, p->clustername, "cluster name") };
 *     TRY(codec_close(&c, &m.memory));
 *
 * The conversions do not return errors: the first one sticks to the codec and codec_close() (or
 * codec_pack()) returns it; what they return meanwhile is safe to use.
 */

#include "proto/msg.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>

typedef Google__Protobuf__Timestamp Timestamp;

struct codec {
    const char *what;
    struct msg_memory *memory;
    struct err *err;
};

/* Decoding. `ret_message` is a pointer to a pointer to the generated type. */
RESULT codec_open(struct codec *c, const char *what, struct bytes in,
                  const ProtobufCMessageDescriptor *type, void *ret_message);
RESULT codec_close(struct codec *c, struct msg_memory **ret);

const char *codec_text(struct codec *c, ProtobufCBinaryData v, const char *field);
struct strlist codec_texts(struct codec *c, const ProtobufCBinaryData *v, size_t n,
                           const char *field);
struct bytes codec_bytes(ProtobufCBinaryData v);
struct msg_blobs codec_blobs(struct codec *c, const ProtobufCBinaryData *v, size_t n,
                             const char *field);
struct wall codec_time(struct codec *c, const Timestamp *t, const char *field);

/* Keeps `e` (which may be NULL) unless there is an error already. */
void codec_note(struct codec *c, struct err *e);

/* An array of `n` zeroed elements, NULL when there are none or too many. */
void *codec_array(struct codec *c, size_t n, size_t size, const char *field);

/* Encoding: begin with `struct codec c = { .what = … }`; codec_pack() ends it. */
ProtobufCBinaryData codec_of_text(const char *s);
ProtobufCBinaryData codec_of_bytes(struct bytes b);
ProtobufCBinaryData *codec_of_texts(struct codec *c, const struct strlist *l, size_t *ret_n);
ProtobufCBinaryData *codec_of_blobs(struct codec *c, const struct msg_blobs *l, size_t *ret_n);

/* NULL for WALL_NONE, else `t` filled in. */
Timestamp *codec_of_time(struct wall w, Timestamp *t);

RESULT codec_pack(struct codec *c, const ProtobufCMessage *m, struct buf *out);
RESULT codec_pack_secret(struct codec *c, const ProtobufCMessage *m, struct secret **ret);

#endif
