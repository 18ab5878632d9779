/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_CONN_H
#define TBOT_TRANSPORT_CONN_H

/*
 * One live connection to the cluster: a TLS stream, the pump that carries it, gRPC on top, and the
 * credentials it was made with. Reference counted: whoever makes a call holds a reference, so that a
 * connection that was replaced ends with its last call.
 */

#include "identity/pki/credentials.h"
#include "transport/grpc_link.h"
#include "transport/pump.h"

struct conn;

/*
 * Told once, in the connection's thread, that it is dead; `c` is good for comparing alone, as its maker
 * may not have it yet.
 */
struct conn_listener {
    void (*ended)(void *arg, const struct conn *c); /* NULL: nobody is told */
    void *arg;
};

/* Takes `tls` over, also on failure. `creds` may be NULL: nobody; a reference is added. */
RESULT conn_new(struct tls *tls, struct credentials *creds, struct conn_listener listener,
                struct conn **ret);

struct conn *conn_ref(struct conn *c);
void conn_free(struct conn *c); /* drops one reference; accepts NULL */
DEFINE_FREEP(conn)

bool conn_is_dead(const struct conn *c);

/* The credentials it presents, borrowed, or NULL. */
struct credentials *conn_credentials(const struct conn *c);

/* Breaks it: calls under way fail. */
void conn_abort(struct conn *c);

/* As grpc_link_unary(). *ret_written says, also on an error, whether the request may have left us. */
RESULT conn_unary(struct conn *c, const struct grpc_request *request, const struct ctx *ctx,
                  struct buf *reply, char ret_version[VERSION_SIZE], bool *ret_written);

/* Puts the reason why the connection ended in front of an error that only says that it did. Takes
 * `e`. */
RESULT conn_explain(const struct conn *c, struct err *e);

/* For streams; borrowed. */
struct grpc_link *conn_link(const struct conn *c);

/* Becomes readable when the connection dies. Borrowed. */
int conn_end_fd(const struct conn *c);

#endif
