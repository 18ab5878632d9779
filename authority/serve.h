/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_SERVE_H
#define TBOT_AUTHORITY_SERVE_H

/*
 * One connection from its first byte to its end: whose it is, by the ALPN list in the ClientHello;
 * the TLS handshake with the fitting certificate; then gRPC or HTTP inside.
 *
 *   auth port                       auth
 *   web port, teleport-auth@…       auth: the same as if it had come to the auth port
 *   web port, teleport-proxy-grpc   gRPC for joining, with the web certificate
 *   web port, teleport-proxy-ssh-grpc   gRPC with the host certificate, for clients that show theirs
 *   web port, h2, http/1.1, nothing     the web API
 *
 * The first entry of the client's list that has a meaning decides, as in a Teleport proxy.
 */

#include "authority/authority.h"
#include "authority/conns.h"

enum serve_port {
    SERVE_PORT_AUTH,
    SERVE_PORT_WEB,
};

struct serve_config {
    struct authority *authority;
    const struct clock *clock;
    struct cancel *stop; /* fires when the server ends */
    enum serve_port port;
};

/* For conns_start(); `arg` is a struct serve_config that outlives the connection. */
void serve_conn(struct conn *conn, int fd, void *arg);

#endif
