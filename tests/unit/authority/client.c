/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/authority/client.h"

#include "tests/support/assert_err.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX ((size_t)1 << 20)
#define STREAM_MS 10000

struct client {
    struct calls *calls;
    grpc_channel *channel;
    int cut_fd; /* gRPC's end of the connection, once more */
};

struct client *client_new(const struct calls_config *config)
{
    struct client *c = calloc(1, sizeof(*c));
    int pair[2];
    assert_non_null(c);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_ok(calls_new(pair[1], config, &c->calls));
    c->cut_fd = fcntl(pair[0], F_DUPFD_CLOEXEC, 0);
    assert_true(c->cut_fd >= 0);
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    c->channel = grpc_channel_create_from_fd("authority", pair[0], plain, NULL);
    grpc_channel_credentials_release(plain);
    return c;
}

void client_free(struct client *c)
{
    calls_free(c->calls);
    grpc_channel_destroy(c->channel);
    close(c->cut_fd);
    free(c);
}

void client_cut(struct client *c)
{
    shutdown(c->cut_fd, SHUT_RDWR);
}

void client_reply_release(struct client_reply *r)
{
    buf_release(&r->body);
}

/* What gRPC fills in during a call. */
struct exchange {
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_metadata_array head, tail;
    grpc_status_code status;
    grpc_slice text;
    grpc_byte_buffer *received;
};

static struct exchange begin(struct client *c, const char *method, int ms)
{
    struct exchange x = {.queue = grpc_completion_queue_create_for_pluck(NULL),
                         .text = grpc_empty_slice()};
    grpc_metadata_array_init(&x.head);
    grpc_metadata_array_init(&x.tail);
    const gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
    x.call = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS, x.queue,
                                      grpc_slice_from_static_string(method), NULL, deadline, NULL);
    return x;
}

static bool run(struct exchange *x, const grpc_op *ops, size_t n)
{
    assert_int_equal(grpc_call_start_batch(x->call, ops, n, x, NULL), GRPC_CALL_OK);
    return grpc_completion_queue_pluck(x->queue, x, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
        .success;
}

static void take_body(struct exchange *x, struct buf *out)
{
    grpc_byte_buffer_reader reader;
    if (!x->received)
        return;
    buf_clear(out);
    assert_true(grpc_byte_buffer_reader_init(&reader, x->received));
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    if (GRPC_SLICE_LENGTH(all))
        assert_ok(buf_add(out, GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all)));
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(x->received);
    x->received = NULL;
}

static void finish(struct exchange *x, struct client_reply *r)
{
    r->status = (int)x->status;
    snprintf(r->text, sizeof(r->text), "%.*s", (int)GRPC_SLICE_LENGTH(x->text),
             (const char *)GRPC_SLICE_START_PTR(x->text));
    for (size_t i = 0; i < x->head.count; i++) {
        const grpc_metadata *m = &x->head.metadata[i];
        if (grpc_slice_str_cmp(m->key, "version") == 0)
            snprintf(r->version, sizeof(r->version), "%.*s", (int)GRPC_SLICE_LENGTH(m->value),
                     (const char *)GRPC_SLICE_START_PTR(m->value));
    }
    grpc_slice_unref(x->text);
    grpc_metadata_array_destroy(&x->head);
    grpc_metadata_array_destroy(&x->tail);
    grpc_call_unref(x->call);
    grpc_completion_queue_shutdown(x->queue);
    grpc_completion_queue_destroy(x->queue);
}

static grpc_byte_buffer *wrap(struct bytes b)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(b.len ? (const char *)b.data : "", b.len);
    grpc_byte_buffer *wrapped = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return wrapped;
}

static grpc_op status_op(struct exchange *x)
{
    grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    op.data.recv_status_on_client.trailing_metadata = &x->tail;
    op.data.recv_status_on_client.status = &x->status;
    op.data.recv_status_on_client.status_details = &x->text;
    return op;
}

struct client_reply client_call(struct client *c, const char *method, const char *version,
                                struct bytes request, int ms)
{
    struct client_reply r = {.body = BUF_INIT(REPLY_MAX)};
    struct exchange x = begin(c, method, ms);
    grpc_byte_buffer *sent = wrap(request);
    grpc_metadata meta = {.key = grpc_slice_from_static_string("version")};
    grpc_op ops[6] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
                      {.op = GRPC_OP_RECV_INITIAL_METADATA},
                      {.op = GRPC_OP_RECV_MESSAGE}};
    if (version) {
        meta.value = grpc_slice_from_static_string(version);
        ops[0].data.send_initial_metadata.count = 1;
        ops[0].data.send_initial_metadata.metadata = &meta;
    }
    ops[1].data.send_message.send_message = sent;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &x.head;
    ops[4].data.recv_message.recv_message = &x.received;
    ops[5] = status_op(&x);
    run(&x, ops, 6);
    grpc_byte_buffer_destroy(sent);
    take_body(&x, &r.body);
    finish(&x, &r);
    return r;
}

/* Whether there was an answer. */
static bool exchange_one(struct exchange *x, struct bytes request, bool is_first, struct buf *out)
{
    grpc_byte_buffer *sent = wrap(request);
    grpc_op ops[4] = {{.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_RECV_MESSAGE},
                      {.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    ops[0].data.send_message.send_message = sent;
    ops[1].data.recv_message.recv_message = &x->received;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &x->head;
    run(x, ops, is_first ? 4 : 2);
    grpc_byte_buffer_destroy(sent);
    bool is_answered = x->received != NULL;
    take_body(x, out);
    return is_answered;
}

struct client_reply client_stream(struct client *c, const char *method,
                                  const struct bytes *requests, size_t n)
{
    struct client_reply r = {.body = BUF_INIT(REPLY_MAX)};
    struct exchange x = begin(c, method, STREAM_MS);
    for (size_t i = 0; i < n; i++) {
        if (!exchange_one(&x, requests[i], i == 0, &r.body))
            break;
    }
    const grpc_op ops[2] = {status_op(&x), {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}};
    run(&x, ops, 2);
    finish(&x, &r);
    return r;
}
