/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls_internal.h"

#include "authority/say.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

static size_t add_head(struct call *c, grpc_metadata *version, grpc_op *op)
{
    if (c->is_head_sent)
        return 0;
    c->is_head_sent = true;
    *op = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    /* Version 15 was seen to send none. */
    if (authority_version(c->rpc.authority) > 15) {
        version->key = grpc_slice_from_static_string("version");
        version->value = grpc_slice_from_static_string(authority_server_version(c->rpc.authority));
        op->data.send_initial_metadata.count = 1;
        op->data.send_initial_metadata.metadata = version;
    }
    return 1;
}

static size_t add_message(struct call *c, grpc_op *op)
{
    if (!c->has_message)
        return 0;
    grpc_slice bytes = grpc_slice_from_copied_buffer(buf_str(&c->out), c->out.len);
    c->reply_bytes = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_slice_unref(bytes);
    *op = (grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = c->reply_bytes};
    return 1;
}

static size_t add_status(struct call *c, grpc_op *op)
{
    if (!c->is_done)
        return 0;
    CLEANUP(freep) char *text = c->err ? err_text(c->err) : NULL;
    if (c->status)
        say("%s: status %d: %s", c->path, c->status, text ? text : "out of memory");
    c->status_text = grpc_slice_from_copied_string(text ? text : "");
    *op = (grpc_op){.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
    op->data.send_status_from_server.status = (grpc_status_code)c->status;
    op->data.send_status_from_server.status_details = &c->status_text;
    return 1;
}

void call_send(struct call *c)
{
    grpc_op ops[3] = {0};
    grpc_metadata version = {0};
    size_t n = 0;
    c->is_waiting = false;
    n += add_head(c, &version, &ops[n]);
    n += add_message(c, &ops[n]);
    n += add_status(c, &ops[n]);
    call_start_batch(c, ops, n, &c->reply);
}

/* Now, or when a fault says so. */
void call_answer(struct call *c)
{
    if (!c->delay_ms) {
        call_send(c);
        return;
    }
    c->due = mono_add(clock_mono(c->owner->config.clock), dur_ms(c->delay_ms));
    c->is_waiting = true;
    c->delay_ms = 0;
}
