/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls_internal.h"

#include "authority/say.h"
#include "authority/status.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include <stdio.h>
#include <string.h>

void call_start_batch(struct call *c, const grpc_op *ops, size_t n, struct op *tag)
{
    c->n_pending++;
    grpc_call_error e = grpc_call_start_batch(c->call, ops, n, tag, NULL);
    if (e == GRPC_CALL_OK)
        return;
    /* Only a misuse of ours: the call ends with the connection. */
    c->n_pending--;
    say("grpc: %s", grpc_call_error_to_string(e));
    grpc_call_cancel(c->call, NULL);
}

static void call_free(struct call *c)
{
    if (c->call)
        grpc_call_unref(c->call);
    grpc_call_details_destroy(&c->details);
    grpc_metadata_array_destroy(&c->metadata);
    if (c->request)
        grpc_byte_buffer_destroy(c->request);
    if (c->reply_bytes)
        grpc_byte_buffer_destroy(c->reply_bytes);
    grpc_slice_unref(c->status_text);
    rpc_call_release(&c->rpc);
    buf_release(&c->out);
    err_free(c->err);
    free(c);
}

static void remove_call(struct call *c)
{
    struct call **at = &c->owner->all;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    call_free(c);
}

static void free_if_over(struct call *c)
{
    if (c->is_closed && !c->n_pending)
        remove_call(c);
}

/* Waits for the next call of the connection. */
void call_expect(struct calls *calls)
{
    struct call *c = calloc(1, sizeof(*c));
    if (!c)
        return;
    c->owner = calls;
    c->accept = (struct op){OP_ACCEPT, c};
    c->message = (struct op){OP_MESSAGE, c};
    c->reply = (struct op){OP_REPLY, c};
    c->close = (struct op){OP_CLOSE, c};
    c->out = BUF_INIT(RPC_REPLY_MAX);
    c->status_text = grpc_empty_slice();
    c->rpc = (struct rpc_call){.authority = calls->config.authority, .peer = calls->config.peer};
    grpc_call_details_init(&c->details);
    grpc_metadata_array_init(&c->metadata);
    grpc_call_error e = grpc_server_request_call(calls->server, &c->call, &c->details, &c->metadata,
                                                 calls->queue, calls->queue, &c->accept);
    if (e != GRPC_CALL_OK) {
        call_free(c);
        return;
    }
    c->next = calls->all;
    calls->all = c;
}

static void receive(struct call *c)
{
    const grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &c->request};
    call_start_batch(c, &op, 1, &c->message);
}

static void end_with(struct call *c, int status, struct err *e)
{
    c->err = e;
    c->status = status;
    c->has_message = false;
    c->is_done = true;
    call_answer(c);
}

static void refuse(struct call *c, struct err *e)
{
    end_with(c, status_of_err(err_code(e)), e);
}

static bool take_fault(struct call *c, enum fault_kind kind, struct fault *ret)
{
    return authority_take_fault(c->rpc.authority, kind, c->path, ret);
}

/* The value of a header as a new string; NULL when there is none. */
static char *header(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->metadata.count; i++) {
        const grpc_metadata *m = &c->metadata.metadata[i];
        if (grpc_slice_str_cmp(m->key, name) != 0)
            continue;
        return strndup((const char *)GRPC_SLICE_START_PTR(m->value), GRPC_SLICE_LENGTH(m->value));
    }
    return NULL;
}

/* What goes wrong before the call is carried out; whether that was all of it. */
static bool fails_before(struct call *c)
{
    struct fault fault;
    if (take_fault(c, FAULT_SLOW, &fault))
        c->delay_ms = fault.number;
    if (take_fault(c, FAULT_HANG, NULL))
        return true;
    if (!take_fault(c, FAULT_ERROR, &fault))
        return false;
    end_with(c, (int)fault.number, err_new(ERR_UNAVAILABLE, "%s", fault.text));
    return true;
}

static void open_call(struct call *c)
{
    const grpc_slice path = c->details.method;
    snprintf(c->path, sizeof(c->path), "%.*s", (int)GRPC_SLICE_LENGTH(path),
             (const char *)GRPC_SLICE_START_PTR(path));
    c->method = rpc_find(c->rpc.authority, c->owner->config.port, c->path);
    /* What does not exist is counted together: a client must not fill the table. */
    authority_count(c->rpc.authority, c->method ? c->path : "unimplemented");
    if (!c->method) {
        if (!fails_before(c))
            refuse(c, err_new(ERR_UNIMPLEMENTED, "unknown method %s", c->path));
        return;
    }
    CLEANUP(freep) char *version = header(c, "version");
    struct err *e = rpc_check_client_version(c->rpc.authority, version);
    if (e)
        refuse(c, e);
    else
        receive(c);
}

static void on_accept(struct call *c, bool is_ok)
{
    struct calls *calls = c->owner;
    if (!is_ok) {
        remove_call(c);
        return;
    }
    call_expect(calls);
    const grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                        .data.recv_close_on_server.cancelled = &c->is_cancelled};
    call_start_batch(c, &op, 1, &c->close);
    open_call(c);
}

static RESULT read_request(struct call *c, struct buf *out)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, c->request))
        return err_new(ERR_REJECTED, "the message cannot be unpacked");
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    struct err *e = GRPC_SLICE_LENGTH(all)
                        ? buf_add(out, GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all))
                        : NULL;
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(c->request);
    c->request = NULL;
    return e;
}

/* Faults are looked at with the request at hand: it tells a renewal from an output's request. */
static void name_variant(struct call *c, struct bytes request)
{
    const char *variant = rpc_variant(c->method, request);
    size_t len = strlen(c->path);
    if (variant)
        snprintf(c->path + len, sizeof(c->path) - len, "#%s", variant);
}

/* What is sent back, faults included; or nothing. */
static void finish(struct call *c, struct err *e)
{
    /* Only the last message of a stream is worth losing: what was asked for has been done. */
    if ((e || c->is_done) && take_fault(c, FAULT_CUT, NULL)) {
        err_ignore(e, "the client is not to know");
        c->owner->config.cut(c->owner->config.cut_arg);
        return;
    }
    if (e) {
        refuse(c, e);
        return;
    }
    if (c->is_done && take_fault(c, FAULT_WRONG_MESSAGE, NULL)) {
        buf_clear(&c->out);
        err_ignore(buf_add_str(&c->out, "\xff\xff\xff this is not a message"),
                   "an empty one is wrong too");
    }
    c->has_message = true;
    call_answer(c);
}

static void on_message(struct call *c, bool is_ok)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(CALL_MAX_REQUEST);
    if (!is_ok || c->is_closed)
        return;
    struct err *e = c->request ? read_request(c, &request)
                               : err_new(ERR_REJECTED, "the client sent no message");
    if (c->rpc.step == 0) {
        name_variant(c, buf_bytes(&request));
        if (fails_before(c)) {
            err_ignore(e, "the fault's answer counts");
            return;
        }
    }
    buf_clear(&c->out);
    if (!e)
        e = rpc_handle(c->method, &c->rpc, buf_bytes(&request), &c->out, &c->is_done);
    secret_wipe(request.data, request.len); /* it may hold a token */
    finish(c, e);
}

static void on_reply(struct call *c, bool is_ok)
{
    if (c->reply_bytes)
        grpc_byte_buffer_destroy(c->reply_bytes);
    c->reply_bytes = NULL;
    if (is_ok && !c->is_done && !c->is_closed)
        receive(c);
}

void call_on_event(const struct op *op, bool is_ok)
{
    struct call *c = op->call;
    if (op->kind == OP_ACCEPT) {
        on_accept(c, is_ok);
        return;
    }
    c->n_pending--;
    switch (op->kind) {
    case OP_MESSAGE:
        on_message(c, is_ok);
        break;
    case OP_REPLY:
        on_reply(c, is_ok);
        break;
    case OP_CLOSE:
        c->is_closed = true;
        c->is_waiting = false;
        break;
    case OP_ACCEPT:
    case OP_SHUTDOWN:
        break;
    }
    free_if_over(c);
}
