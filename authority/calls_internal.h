/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CALLS_INTERNAL_H
#define TBOT_AUTHORITY_CALLS_INTERNAL_H

/*
 * What the files behind authority/calls.h share. Nobody else includes this, or gRPC.
 *
 * calls.c       the server of one connection, and its thread
 * call.c        one call: how it begins, what happens in it, how it ends
 * call_reply.c  what goes back
 */

#include "authority/calls.h"

#include <grpc/grpc.h>

#include <pthread.h>

#define CALL_MAX_REQUEST ((size_t)256 * 1024)

/* What an event of the queue is about; the address of one is its tag. */
enum op_kind {
    OP_ACCEPT,
    OP_MESSAGE,
    OP_REPLY,
    OP_CLOSE,
    OP_SHUTDOWN,
};

struct op {
    enum op_kind kind;
    struct call *call;
};

struct call {
    struct calls *owner;
    struct call *next;
    grpc_call *call; /* NULL until it is accepted */
    grpc_call_details details;
    grpc_metadata_array metadata;
    struct op accept, message, reply, close;
    unsigned n_pending; /* operations under way */
    bool is_closed;
    int is_cancelled; /* written by gRPC */

    char path[FAULTS_MAX_METHOD];
    const struct rpc_method *method;
    struct rpc_call rpc;
    grpc_byte_buffer *request;

    /* The answer. */
    struct buf out;
    struct err *err; /* what the call ends with; NULL: all is well */
    int status;      /* of `err`, or a fault's */
    bool has_message;
    bool is_done; /* the status is sent with it */
    bool is_head_sent;
    grpc_byte_buffer *reply_bytes;
    grpc_slice status_text;
    int64_t delay_ms; /* a fault's */
    struct mono due;
    bool is_waiting; /* for `due` */
};

struct calls {
    struct calls_config config;
    grpc_completion_queue *queue;
    grpc_server *server;
    struct op shutdown;
    bool is_shut;
    struct call *all;
    pthread_t thread;
};

/* Waits for the next call of the connection. */
void call_expect(struct calls *calls);

/* Handles what the queue gave; may free the call. */
void call_on_event(const struct op *op, bool is_ok);

/* Begins operations; *tag comes back through the queue. */
void call_start_batch(struct call *c, const grpc_op *ops, size_t n, struct op *tag);

/* Sends c->out, or c->err, now or when a fault says so. */
void call_answer(struct call *c);
void call_send(struct call *c);

#endif
