/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/grpc_link.h"

#include "transport/grpc_exchange.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <grpc/impl/codegen/grpc_types.h>

#define MAX_RECEIVE (4 << 20)
#define AUTHORITY "teleport.cluster.local"

struct grpc_link {
    grpc_channel *channel;
};

static grpc_arg text_arg(const char *key, const char *value)
{
    /* The library's types are not const; it copies. */
    return (grpc_arg){.type = GRPC_ARG_STRING,
                      .key = (char *)(uintptr_t)key,
                      .value.string = (char *)(uintptr_t)value};
}

static grpc_arg int_arg(const char *key, int value)
{
    return (grpc_arg){
        .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

RESULT grpc_link_new(int fd, struct grpc_link **ret)
{
    CLEANUP(closep) int owned = fd;
    struct grpc_link *l = calloc(1, sizeof(*l));
    if (!l)
        return err_nomem();
    grpc_arg args[] = {
        text_arg(GRPC_ARG_DEFAULT_AUTHORITY, AUTHORITY),
        text_arg(GRPC_ARG_HTTP2_SCHEME, "https"),
        text_arg(GRPC_ARG_PRIMARY_USER_AGENT_STRING, "tbot-c/" TBOT_VERSION),
        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, MAX_RECEIVE),
    };
    grpc_channel_args all = {.num_args = sizeof(args) / sizeof(args[0]), .args = args};
    /* The descriptor's other end is our pump, which does the TLS: nothing leaves this process in the
     * clear. */
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    l->channel = grpc_channel_create_from_fd(AUTHORITY, TAKE_FD(owned), creds, &all);
    grpc_channel_credentials_release(creds);
    *ret = l;
    return NULL;
}

void grpc_link_free(struct grpc_link *l)
{
    if (!l)
        return;
    grpc_channel_destroy(l->channel);
    free(l);
}

grpc_channel *grpc_link_channel(struct grpc_link *l)
{
    return l->channel;
}

static RESULT run_unary(struct grpc_exchange *x, grpc_byte_buffer *request, struct buf *reply)
{
    CLEANUP(grpc_byte_buffer_freep) grpc_byte_buffer *received = NULL;
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = x->n_metadata, .metadata = &x->version}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &x->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &received},
        grpc_exchange_status_op(x),
    };
    grpc_exchange_run(x, ops, sizeof(ops) / sizeof(ops[0]), x);
    TRY(grpc_exchange_outcome(x));
    if (!received)
        return err_new(ERR_PROTOCOL, "the server ended the call without a reply");
    return grpc_exchange_unpack(received, reply);
}

RESULT grpc_link_unary(struct grpc_link *l, const struct grpc_request *request,
                       const struct ctx *ctx, struct buf *reply, char ret_version[VERSION_SIZE])
{
    *ret_version = '\0';
    TRY(ctx_check(ctx));
    CLEANUP(grpc_byte_buffer_freep) grpc_byte_buffer *body = grpc_exchange_pack(request->body);
    if (!body)
        return err_nomem();
    CLEANUP(grpc_exchange_release) struct grpc_exchange x;
    grpc_exchange_open(&x, l, request->method, request->version, ctx);
    struct err *e = run_unary(&x, body, reply);
    grpc_exchange_version(&x, ret_version);
    return e;
}
