/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CALLS_H
#define TBOT_AUTHORITY_CALLS_H

/*
 * The gRPC server of one connection. It speaks plain HTTP/2 over a socket whose other end is relayed
 * to the TLS stream, and has a thread of its own that answers one call after the other.
 *
 * One server per connection and not one for all: gRPC tells a handler nothing of a connection it was
 * handed as a descriptor, and here a call's peer is the connection's. A server costs some 100 kB.
 *
 * The only files that use gRPC are behind this header. Faults that concern calls happen here: see faults.h.
 */

#include "authority/rpc.h"

struct calls_config {
    struct authority *authority;
    const struct clock *clock;
    const struct peer *peer; /* borrowed, as all pointers here */
    enum rpc_port port;
    void (*cut)(void *arg); /* breaks the connection; from the thread of the calls */
    void *cut_arg;
};

struct calls;

/* Before the first and after the last use in the process. */
void calls_global_init(void);
void calls_global_release(void);

/* Serves `fd`, which it takes over, also on failure. */
RESULT calls_new(int fd, const struct calls_config *config, struct calls **ret);

/* Ends all calls and the thread. Accepts NULL. */
void calls_free(struct calls *c);
DEFINE_FREEP(calls)

#endif
