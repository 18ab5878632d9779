/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_GRPC_LINK_H
#define TBOT_TRANSPORT_GRPC_LINK_H

/*
 * One HTTP/2 connection of gRPC over a descriptor, and unary calls on it.
 *
 * A link does not reconnect: once its descriptor ends, every call fails with ERR_UNAVAILABLE.
 * Threads: calls from any number of them; grpc_link_free() when no call is under way.
 */

#include "base/buf.h"
#include "base/ctx.h"
#include "transport/version.h"

struct grpc_link;

/* Takes `fd` over, also on failure. */
RESULT grpc_link_new(int fd, struct grpc_link **ret);
void grpc_link_free(struct grpc_link *l); /* accepts NULL */
DEFINE_FREEP(grpc_link)

struct grpc_request {
    const char *method;
    struct bytes body;   /* copied; the copy is wiped after use */
    const char *version; /* metadata `version`, "" for none */
};

/*
 * Calls and waits for the reply, which is added to `reply`. `ret_version` gets the server's own
 * metadata `version` where it sent one, whatever the outcome, and is "" otherwise.
 */
RESULT grpc_link_unary(struct grpc_link *l, const struct grpc_request *request,
                       const struct ctx *ctx, struct buf *reply, char ret_version[VERSION_SIZE]);

#endif
