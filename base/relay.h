/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_RELAY_H
#define TBOT_BASE_RELAY_H

/*
 * Carries bytes both ways between a TLS stream and a plain stream socket, until one of them ends.
 *
 *     CLEANUP(relay_freep) struct relay *r = NULL;
 *     TRY(relay_new(tls, fd, &r));
 *     enum relay_end end = relay_run(r, cancel, &e);
 *
 * It exists because a library that speaks over a descriptor (gRPC) cannot do the TLS we need: the
 * library gets one end of a socket pair, the relay has the other.
 *
 * Back pressure: in each direction one TLS record (16 KiB) is held, and nothing is read while it waits
 * to be written. A reader that is slow slows the writer down; it costs no memory.
 *
 * The end: a side that says no more ends the relay in both directions, after everything it did say was
 * delivered. The other side's last words are delivered as far as there is room for them, and a TLS peer
 * is told (close_notify) if it reads. A plain side that has closed its socket altogether is not waited for: what it
 * said last is dropped if TLS has no room at that moment, as a peer that does not read could otherwise
 * hold the thread for nobody.
 *
 * Threads: relay_run() belongs to one; relay_sent() and the cancel token to any.
 */

#include "base/ctx.h"
#include "base/tls.h"

struct relay;

/* Both are borrowed; neither is used by anybody else until relay_run() has returned. */
RESULT relay_new(struct tls *tls, int fd, struct relay **ret);

/* Wipes what it still holds; closes nothing. Accepts NULL. */
void relay_free(struct relay *r);
DEFINE_FREEP(relay)

enum relay_end {
    RELAY_TLS_CLOSED,   /* the peer's orderly end */
    RELAY_TLS_FAILED,   /* *ret_err says why, with the codes of base/tls.h */
    RELAY_PLAIN_CLOSED, /* whoever has the other end of the socket closed it, or its writing */
    RELAY_CANCELLED,
    RELAY_GOES_ON, /* relay_step() only */
};

/*
 * Blocks, in poll(2) alone, until one side ends or `cancel` fires (NULL: it never does). To be called
 * once. *ret_err is the caller's, NULL for all but RELAY_TLS_FAILED. Nothing is closed.
 */
enum relay_end relay_run(struct relay *r, const struct cancel *cancel, struct err **ret_err);

/*
 * For who has a loop of his own, instead of relay_run(): moves what can be moved now, which is no more
 * than the buffers hold, and does not wait. While it goes on, RELAY_GOES_ON and what to wait for before
 * the next call, in the bits of poll(2), on tls_fd() and on `fd`; a side from which nothing is wanted is
 * not to be watched at all, as its POLLHUP would not end.
 *
 * Here each direction ends by itself: the TLS peer's orderly end is passed on as the end of what is
 * written to `fd`, and what that still says is delivered; so is what a plain side said that does not hear
 * any more. RELAY_TLS_CLOSED does not come.
 */
struct relay_wants {
    short tls, plain;
};
enum relay_end relay_step(struct relay *r, struct relay_wants *ret, struct err **ret_err);

/* Bytes that TLS has taken so far: does not move any more once relay_run() has returned. */
uint64_t relay_sent(const struct relay *r);

#endif
