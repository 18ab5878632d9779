/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_HTTP_PLAIN_H
#define TBOT_TRANSPORT_HTTP_PLAIN_H

/*
 * HTTP without TLS: over a connected stream socket, of the network or of this machine.
 *
 *     const struct http_stream stream = http_plain_stream(&fd);
 *     TRY(http_exchange(&stream, &request, MAX, ctx, &reply));
 *
 * The socket must be non-blocking: what waits is poll(2), until the deadline or the cancel token of
 * the call. ERR_UNAVAILABLE: the connection broke. SIGPIPE is not raised.
 */

#include "transport/http.h"

/* Borrows `*fd`, which is neither closed nor moved while the stream is in use. */
struct http_stream http_plain_stream(int *fd);

#endif
