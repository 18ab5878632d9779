/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PUMP_H
#define TBOT_TRANSPORT_PUMP_H

/*
 * Carries bytes between a TLS stream and a local descriptor, in a thread of its own.
 *
 * gRPC speaks HTTP/2 over any descriptor but cannot do the TLS we need (own ALPN lists, pins, TLS in
 * TLS). So it gets one end of a socket pair, and the pump runs a relay (base/relay.h) between the
 * other end and the TLS stream until either side ends. Its stack is small: there is one pump per live
 * connection.
 *
 * Threads: all functions may be called from any thread; pump_free() once.
 */

#include "base/tls.h"

struct pump;

/* Told once, in the pump's thread, after pump_has_ended() became true. Must not free the pump. */
struct pump_listener {
    void (*ended)(void *arg); /* NULL: nobody is told */
    void *arg;
};

/*
 * Starts. Takes `tls` over, also on failure. *ret_fd is the plain end, non-blocking, the caller's to
 * close; closing it ends the pump.
 */
RESULT pump_new(struct tls *tls, struct pump_listener listener, struct pump **ret, int *ret_fd);

/* Ends the pump at once, waits for its thread, closes the stream. Accepts NULL. */
void pump_free(struct pump *p);
DEFINE_FREEP(pump)

/* The connection is of no more use: nothing will be carried from now on. */
bool pump_has_ended(const struct pump *p);

/*
 * Why it ended, once pump_has_ended(): the peer's orderly end and our own are ERR_UNAVAILABLE too,
 * as somebody may still have waited for an answer. The texts live as long as `p`.
 */
enum err_code pump_code(const struct pump *p);
const char *pump_reason(const struct pump *p);
const char *pump_hint(const struct pump *p); /* what a person can do, or NULL */

/* Bytes handed to TLS so far: does not move any more once pump_has_ended(). */
uint64_t pump_sent(const struct pump *p);

/* Becomes readable when the pump ends. Borrowed. */
int pump_end_fd(const struct pump *p);

/* Ends the pump without waiting; its users see a broken connection. */
void pump_abort(struct pump *p);

#endif
