/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_TLS_CONN_H
#define TBOT_DIAG_TLS_CONN_H

/*
 * The TLS half of a connection to an https:// address: handshake and decryption in the loop, without a
 * thread and without waiting. Once the handshake is through, the HTTP server gets one end of a socket
 * pair and knows nothing of TLS; a relay (base/relay.h) carries the bytes, 16 KiB in each direction,
 * and reads no faster than the other side takes.
 *
 *     accepted ─► first byte ─► handshake ─► ready(): at->fd is the plain end ─► relay ─► over
 *
 * A connection has its place from the beginning, so one that is slow in its handshake is told to go like
 * any other, and keeps it until the client has got, or refused, the last byte. Whichever half ends
 * first, the other finds the end of its socket.
 *
 * What does not begin as TLS is told so once, in plain HTTP, and nothing else is ever said in plain.
 *
 * Threads: the loop's only.
 */

#include "base/loop.h"
#include "diag/core/metrics.h"
#include "diag/places.h"
#include "diag/tls_keys.h"

/* What all of them share; outlives them. */
struct diag_tls_host {
    struct loop *loop;
    struct log *log;
    struct metrics *metrics; /* may be NULL */
    struct diag_tls_keys *keys;
    void *arg;
    void (*ready)(void *arg, struct place *at); /* takes `at->fd` over */
};

/*
 * Begins with the accepted, non-blocking socket `fd`, which it takes over. `at->tls` is set while there is
 * a TLS half; `at->fd` is -1 until ready(), and whoever closes it sets it to -1 again. When both are gone
 * the place is left, by whoever goes last.
 */
void diag_tls_conn_open(const struct diag_tls_host *host, struct place *at, int fd);

/* Why one is ended from outside. */
enum diag_tls_end {
    DIAG_TLS_OVERDUE,
    DIAG_TLS_EVICTED,
    DIAG_TLS_STOPPED, /* what the kernel takes at once is still delivered */
};

/* Ends it now: on return `at->tls` is NULL. */
void diag_tls_conn_end(struct place *at, enum diag_tls_end why);

#endif
