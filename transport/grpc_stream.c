/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/grpc_stream.h"

#include "transport/grpc_exchange.h"

#include <grpc/byte_buffer.h>

struct grpc_stream {
    struct grpc_exchange x;
    /* Their addresses are the tags of what is under way. */
    char head, status, sending, receiving;
    bool has_status;
};

RESULT grpc_stream_open(struct grpc_link *l, const char *method, const char *version,
                        const struct ctx *ctx, struct grpc_stream **ret)
{
    TRY(ctx_check(ctx));
    struct grpc_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    grpc_exchange_open(&s->x, l, method, version, ctx);
    grpc_op head[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = s->x.n_metadata, .metadata = &s->x.version}},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &s->x.initial},
    };
    grpc_op status = grpc_exchange_status_op(&s->x);
    grpc_exchange_start(&s->x, head, 2, &s->head);
    grpc_exchange_start(&s->x, &status, 1, &s->status);
    *ret = s;
    return NULL;
}

static void wait_for_status(struct grpc_stream *s)
{
    if (!s->has_status)
        grpc_exchange_wait(&s->x, &s->status);
    s->has_status = true;
}

void grpc_stream_free(struct grpc_stream *s)
{
    if (!s)
        return;
    grpc_call_cancel(s->x.call, NULL);
    grpc_exchange_wait(&s->x, &s->head);
    wait_for_status(s);
    grpc_exchange_release(&s->x);
    free(s);
}

RESULT grpc_stream_send(struct grpc_stream *s, struct bytes message)
{
    CLEANUP(grpc_byte_buffer_freep) grpc_byte_buffer *b = grpc_exchange_pack(message);
    if (!b)
        return err_nomem();
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = b};
    if (grpc_exchange_run(&s->x, &op, 1, &s->sending))
        return NULL;
    return err_new(ERR_UNAVAILABLE, "the server ended the stream");
}

void grpc_stream_end_sending(struct grpc_stream *s)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    grpc_exchange_run(&s->x, &op, 1, &s->sending);
}

RESULT grpc_stream_receive(struct grpc_stream *s, struct buf *out, bool *ret_is_end)
{
    CLEANUP(grpc_byte_buffer_freep) grpc_byte_buffer *received = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &received};
    grpc_exchange_run(&s->x, &op, 1, &s->receiving);
    *ret_is_end = received == NULL;
    if (received)
        return grpc_exchange_unpack(received, out);
    wait_for_status(s);
    return grpc_exchange_outcome(&s->x);
}
