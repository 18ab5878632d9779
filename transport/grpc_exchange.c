/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/grpc_exchange.h"

#include "base/secret.h"
#include "transport/status_map.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

/* --- life --- */

static void cancel_call(void *call)
{
    grpc_call_cancel(call, NULL);
}

/* gRPC wants a time of its own clock; ours is told by how much is left. */
static gpr_timespec deadline_of(const struct ctx *ctx)
{
    int ms = ctx_poll_ms(ctx);
    if (ms < 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

void grpc_exchange_open(struct grpc_exchange *x, struct grpc_link *l, const char *method,
                        const char *version, const struct ctx *ctx)
{
    *x = (struct grpc_exchange){.ctx = *ctx, .status = GRPC_STATUS_UNKNOWN};
    grpc_metadata_array_init(&x->initial);
    grpc_metadata_array_init(&x->trailing);
    x->details = grpc_empty_slice();
    if (*version) {
        x->version.key = grpc_slice_from_static_string("version");
        x->version.value = grpc_slice_from_copied_string(version);
        x->n_metadata = 1;
    }
    x->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_slice path = grpc_slice_from_copied_string(method);
    x->call = grpc_channel_create_call(grpc_link_channel(l), NULL, GRPC_PROPAGATE_DEFAULTS,
                                       x->queue, path, NULL, deadline_of(ctx), NULL);
    grpc_slice_unref(path);
    x->hook = (struct cancel_hook){.fn = cancel_call, .arg = x->call};
    if (ctx->cancel)
        cancel_hook_add(ctx->cancel, &x->hook);
}

void grpc_exchange_release(struct grpc_exchange *x)
{
    if (x->ctx.cancel)
        cancel_hook_remove(x->ctx.cancel, &x->hook);
    grpc_call_unref(x->call);
    grpc_completion_queue_shutdown(x->queue);
    grpc_completion_queue_destroy(x->queue);
    grpc_metadata_array_destroy(&x->initial);
    grpc_metadata_array_destroy(&x->trailing);
    grpc_slice_unref(x->details);
    if (x->n_metadata)
        grpc_slice_unref(x->version.value);
}

/* --- batches --- */

grpc_op grpc_exchange_status_op(struct grpc_exchange *x)
{
    return (grpc_op){.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                     .data.recv_status_on_client = {.trailing_metadata = &x->trailing,
                                                    .status = &x->status,
                                                    .status_details = &x->details}};
}

void grpc_exchange_start(struct grpc_exchange *x, const grpc_op *ops, size_t n_ops, void *tag)
{
    grpc_call_error error = grpc_call_start_batch(x->call, ops, n_ops, tag, NULL);
    if (error != GRPC_CALL_OK) { /* our own misuse of the library: nothing a caller could do */
        fprintf(stderr, "tbot: gRPC: %s\n", grpc_call_error_to_string(error));
        abort();
    }
}

bool grpc_exchange_wait(struct grpc_exchange *x, void *tag)
{
    grpc_event event =
        grpc_completion_queue_pluck(x->queue, tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    return event.type == GRPC_OP_COMPLETE && event.success;
}

bool grpc_exchange_run(struct grpc_exchange *x, const grpc_op *ops, size_t n_ops, void *tag)
{
    grpc_exchange_start(x, ops, n_ops, tag);
    return grpc_exchange_wait(x, tag);
}

/*
 * A stream that loses its connection may end with a status gRPC makes up, and which looks like a
 * server's: UNKNOWN, with this text of the library and no other sign.
 */
static grpc_status_code true_status(const struct grpc_exchange *x)
{
    bool is_made_up =
        x->status == GRPC_STATUS_UNKNOWN && grpc_slice_str_cmp(x->details, "Stream removed") == 0;
    return is_made_up ? GRPC_STATUS_UNAVAILABLE : x->status;
}

RESULT grpc_exchange_outcome(struct grpc_exchange *x)
{
    if (x->status == GRPC_STATUS_OK)
        return NULL;
    if (x->status == GRPC_STATUS_CANCELLED || x->status == GRPC_STATUS_DEADLINE_EXCEEDED)
        TRY(ctx_check(&x->ctx));
    char *text = grpc_slice_to_c_string(x->details);
    struct err *e = status_map_grpc((int)true_status(x), text);
    gpr_free(text);
    return e;
}

void grpc_exchange_version(const struct grpc_exchange *x, char ret[VERSION_SIZE])
{
    *ret = '\0';
    for (size_t i = 0; i < x->initial.count; i++) {
        const grpc_metadata *m = &x->initial.metadata[i];
        size_t len = GRPC_SLICE_LENGTH(m->value);
        if (grpc_slice_str_cmp(m->key, "version") != 0 || len >= VERSION_SIZE)
            continue;
        memcpy(ret, GRPC_SLICE_START_PTR(m->value), len);
        ret[len] = '\0';
    }
}

/* --- messages --- */

struct copy {
    size_t len;
    uint8_t data[];
};

/*
 * A message of ours is freed by whichever thread gRPC has at hand. It is handed over there under locks
 * that ThreadSanitizer does not see: this is what it is told instead.
 */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

static void hand_over(struct copy *c)
{
    __tsan_release(c);
}

static void take_over(struct copy *c)
{
    __tsan_acquire(c);
}
#else
static void hand_over(struct copy *c)
{
    (void)c;
}

static void take_over(struct copy *c)
{
    (void)c;
}
#endif

static void wipe_copy(void *arg)
{
    struct copy *c = arg;
    take_over(c);
    secret_wipe(c->data, c->len);
    free(c);
}

grpc_byte_buffer *grpc_exchange_pack(struct bytes body)
{
    struct copy *c = malloc(sizeof(*c) + body.len);
    if (!c)
        return NULL;
    c->len = body.len;
    if (body.len)
        memcpy(c->data, body.data, body.len);
    grpc_slice slice = grpc_slice_new_with_user_data(c->data, body.len, wipe_copy, c);
    hand_over(c);
    grpc_byte_buffer *b = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return b;
}

RESULT grpc_exchange_unpack(grpc_byte_buffer *message, struct buf *out)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, message))
        return err_new(ERR_PROTOCOL, "the reply cannot be decompressed");
    struct err *e = NULL;
    grpc_slice slice;
    while (!e && grpc_byte_buffer_reader_next(&reader, &slice)) {
        e = buf_add(out, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
        grpc_slice_unref(slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
    return e;
}
