/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_GRPC_STREAM_H
#define TBOT_TRANSPORT_GRPC_STREAM_H

/*
 * A bidirectional stream on a link.
 *
 * Threads: one may send while another receives. grpc_stream_free() when neither does.
 */

#include "transport/grpc_link.h"

struct grpc_stream;

/* `version` as in struct grpc_request. Deadline and cancellation of `ctx` hold for the whole stream. */
RESULT grpc_stream_open(struct grpc_link *l, const char *method, const char *version,
                        const struct ctx *ctx, struct grpc_stream **ret);

/* Cancels what is under way. Accepts NULL. */
void grpc_stream_free(struct grpc_stream *s);
DEFINE_FREEP(grpc_stream)

/*
 * Sends one message. ERR_UNAVAILABLE means that the server ended the stream: grpc_stream_receive()
 * has the reason.
 */
RESULT grpc_stream_send(struct grpc_stream *s, struct bytes message);

/* We send no more. */
void grpc_stream_end_sending(struct grpc_stream *s);

/*
 * Waits for one message and adds it to `out`. *ret_is_end: there is none, as the server ended the
 * stream in good order. To be called until it says so or fails, and not again.
 */
RESULT grpc_stream_receive(struct grpc_stream *s, struct buf *out, bool *ret_is_end);

#endif
