/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_GRPC_EXCHANGE_H
#define TBOT_TRANSPORT_GRPC_EXCHANGE_H

/*
 * Private to grpc_*.c: one gRPC call with a completion queue of its own (a queue takes six waiting
 * threads at most), its deadline, its cancel token and what the server says at its end.
 */

#include "transport/grpc_link.h"

#include <grpc/grpc.h>

struct grpc_exchange {
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_metadata version;
    size_t n_metadata; /* of ours: 0 or 1 */
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status;
    grpc_slice details;
    struct ctx ctx;
    struct cancel_hook hook;
};

grpc_channel *grpc_link_channel(struct grpc_link *l);

/* `x` stays in place until released. `ctx` is copied. */
void grpc_exchange_open(struct grpc_exchange *x, struct grpc_link *l, const char *method,
                        const char *version, const struct ctx *ctx);
void grpc_exchange_release(struct grpc_exchange *x);

/* The operation that fills in status, details and the rest. */
grpc_op grpc_exchange_status_op(struct grpc_exchange *x);

/* Starts a batch and waits for its end; true when it succeeded. */
bool grpc_exchange_run(struct grpc_exchange *x, const grpc_op *ops, size_t n_ops, void *tag);

/* The two halves of it. */
void grpc_exchange_start(struct grpc_exchange *x, const grpc_op *ops, size_t n_ops, void *tag);
bool grpc_exchange_wait(struct grpc_exchange *x, void *tag);

/* After RECV_STATUS: NULL, or the error the status means. */
RESULT grpc_exchange_outcome(struct grpc_exchange *x);

/* The server's metadata `version`, "" for none. */
void grpc_exchange_version(const struct grpc_exchange *x, char ret[VERSION_SIZE]);

/* A message of ours; NULL when memory is gone. Freed with grpc_byte_buffer_destroy(). */
grpc_byte_buffer *grpc_exchange_pack(struct bytes body);

/* Adds a received message to `out`. */
RESULT grpc_exchange_unpack(grpc_byte_buffer *message, struct buf *out);

static inline void grpc_byte_buffer_freep(grpc_byte_buffer **p)
{
    if (*p)
        grpc_byte_buffer_destroy(*p);
}

#endif
