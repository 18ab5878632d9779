/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_grpc.h"

#include "tests/support/assert_err.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <pthread.h>

#define CALLS_MAX 256
#define REPLY_MAX (16 << 20)

struct fake_grpc {
    fake_handle handle;
    void *arg;
    const char *version;
    grpc_server *server;
    grpc_completion_queue *queue; /* new calls */
    pthread_t thread;
    pthread_t calls[CALLS_MAX];
    unsigned n_calls;
    bool has_shut_down;
};

/* One call, served by a thread of its own. */
struct served {
    struct fake_grpc *g;
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    char method[256];
    char version[64];
};

static bool run_ops(struct served *s, const grpc_op *ops, size_t n)
{
    if (grpc_call_start_batch(s->call, ops, n, s, NULL) != GRPC_CALL_OK)
        return false;
    grpc_event e =
        grpc_completion_queue_pluck(s->queue, s, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    return e.type == GRPC_OP_COMPLETE && e.success;
}

static void copy_text(char *to, size_t size, grpc_slice from)
{
    size_t len = GRPC_SLICE_LENGTH(from) < size - 1 ? GRPC_SLICE_LENGTH(from) : size - 1;
    memcpy(to, GRPC_SLICE_START_PTR(from), len);
    to[len] = '\0';
}

static void read_head(struct served *s)
{
    copy_text(s->method, sizeof(s->method), s->details.method);
    for (size_t i = 0; i < s->metadata.count; i++)
        if (grpc_slice_str_cmp(s->metadata.metadata[i].key, "version") == 0)
            copy_text(s->version, sizeof(s->version), s->metadata.metadata[i].value);
}

static bool send_head(struct served *s)
{
    grpc_metadata version = {
        .key = grpc_slice_from_static_string("version"),
        .value = grpc_slice_from_static_string(s->g->version ? s->g->version : ""),
    };
    grpc_op op = {
        .op = GRPC_OP_SEND_INITIAL_METADATA,
        .data.send_initial_metadata = {.count = s->g->version ? 1 : 0, .metadata = &version}};
    return run_ops(s, &op, 1);
}

/* False when the client sends no more. */
static bool receive(struct served *s, struct buf *message)
{
    grpc_byte_buffer *b = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &b};
    if (!run_ops(s, &op, 1) || !b)
        return false;
    grpc_byte_buffer_reader reader;
    grpc_byte_buffer_reader_init(&reader, b);
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    err_free(buf_add(message, GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all)));
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(b);
    return true;
}

static bool send(struct served *s, const struct buf *reply)
{
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)reply->data, reply->len);
    grpc_byte_buffer *b = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = b};
    bool ok = run_ops(s, &op, 1);
    grpc_slice_unref(slice);
    grpc_byte_buffer_destroy(b);
    return ok;
}

static void finish(struct served *s, int status, const char *text)
{
    grpc_slice details = grpc_slice_from_copied_string(text ? text : "");
    int is_cancelled = 0;
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
         .data.send_status_from_server = {.status = (grpc_status_code)status,
                                          .status_details = &details}},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &is_cancelled},
    };
    run_ops(s, ops, 2);
    grpc_slice_unref(details);
}

/* Until the client gives up or the connection ends. */
static void hold(struct served *s)
{
    int is_cancelled = 0;
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                  .data.recv_close_on_server.cancelled = &is_cancelled};
    run_ops(s, &op, 1);
}

/* True while the stream goes on. */
static bool answer_one(struct served *s, unsigned n)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(REPLY_MAX);
    if (!receive(s, &request)) {
        finish(s, 0, NULL);
        return false;
    }
    struct fake_call call = {s->method, buf_bytes(&request), n, s->version};
    struct fake_answer answer = {.reply = BUF_INIT(REPLY_MAX)};
    s->g->handle(s->g->arg, &call, &answer);
    bool goes_on = answer.then == FAKE_CONTINUE && send(s, &answer.reply);
    if (answer.then == FAKE_HOLD)
        hold(s);
    if (answer.then == FAKE_FINISH && answer.status == 0)
        send(s, &answer.reply);
    if (answer.then == FAKE_FINISH)
        finish(s, answer.status, answer.text);
    buf_release(&answer.reply);
    return goes_on;
}

static void served_free(struct served *s)
{
    if (s->call)
        grpc_call_unref(s->call);
    grpc_call_details_destroy(&s->details);
    grpc_metadata_array_destroy(&s->metadata);
    grpc_completion_queue_shutdown(s->queue);
    grpc_completion_queue_destroy(s->queue);
    free(s);
}

static void *serve(void *arg)
{
    struct served *s = arg;
    read_head(s);
    bool goes_on = send_head(s);
    for (unsigned n = 0; goes_on; n++)
        goes_on = answer_one(s, n);
    served_free(s);
    return NULL;
}

static void expect_call(struct fake_grpc *g)
{
    struct served *s = calloc(1, sizeof(*s));
    s->g = g;
    s->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_call_details_init(&s->details);
    grpc_metadata_array_init(&s->metadata);
    if (grpc_server_request_call(g->server, &s->call, &s->details, &s->metadata, s->queue, g->queue,
                                 s) != GRPC_CALL_OK)
        served_free(s); /* the server is ending */
}

static void *take_calls(void *arg)
{
    struct fake_grpc *g = arg;
    for (;;) {
        grpc_event e =
            grpc_completion_queue_next(g->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (e.tag == g)
            continue;
        if (!e.success || g->n_calls == CALLS_MAX) {
            served_free(e.tag);
            continue;
        }
        pthread_create(&g->calls[g->n_calls++], NULL, serve, e.tag);
        expect_call(g);
    }
}

struct fake_grpc *fake_grpc_start(fake_handle handle, void *arg, const char *version)
{
    struct fake_grpc *g = calloc(1, sizeof(*g));
    g->handle = handle;
    g->arg = arg;
    g->version = version;
    g->server = grpc_server_create(NULL, NULL);
    g->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(g->server, g->queue, NULL);
    grpc_server_start(g->server);
    expect_call(g);
    assert_int_equal(pthread_create(&g->thread, NULL, take_calls, g), 0);
    return g;
}

void fake_grpc_add(struct fake_grpc *g, int fd)
{
    grpc_server_credentials *creds = grpc_insecure_server_credentials_create();
    grpc_server_add_channel_from_fd(g->server, fd, creds);
    grpc_server_credentials_release(creds);
}

void fake_grpc_go_away(struct fake_grpc *g)
{
    g->has_shut_down = true;
    grpc_server_shutdown_and_notify(g->server, g->queue, g);
}

void fake_grpc_stop(struct fake_grpc *g)
{
    if (!g->has_shut_down)
        grpc_server_shutdown_and_notify(g->server, g->queue, g);
    grpc_server_cancel_all_calls(g->server);
    grpc_completion_queue_shutdown(g->queue);
    pthread_join(g->thread, NULL);
    for (unsigned i = 0; i < g->n_calls; i++)
        pthread_join(g->calls[i], NULL);
    grpc_server_destroy(g->server);
    grpc_completion_queue_destroy(g->queue);
    free(g);
}
