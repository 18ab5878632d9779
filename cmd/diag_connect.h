/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_DIAG_CONNECT_H
#define TBOT_CMD_DIAG_CONNECT_H

/* One connection to an agent, of any kind: private to cmd/diag_client.c. */

#include "cmd/diag_where.h"
#include "transport/http.h"

struct stack_st_X509;
struct tls;

struct diag_connection {
    int fd;          /* -1: `tls` has it, or there is none */
    struct tls *tls; /* NULL: plain */
};

#define DIAG_CONNECTION_INIT ((struct diag_connection){.fd = -1})

/* `roots` NULL: the system's. Errors of a Unix socket have a hint that says whom to ask. */
RESULT diag_connect(const struct diag_where *w, struct stack_st_X509 *roots, const struct ctx *ctx,
                    struct diag_connection *ret);
void diag_connection_release(struct diag_connection *c);

/* Borrows `c`. */
struct http_stream diag_connection_stream(struct diag_connection *c);

#endif
