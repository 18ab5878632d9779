/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_DIAG_TLS_WORLD_H
#define TBOT_TESTS_DIAG_TLS_WORLD_H

/*
 * Clients of https:// in the test's own thread: while they wait, the server's loop turns. And
 * certificates in files.
 *
 *     struct tls_client c = tls_client_open(w);
 *     assert_true(tls_client_shake(w, &c, NULL));
 *     tls_client_send(w, &c, "GET /livez …");
 *     tls_client_read(w, &c, reply);
 *     tls_client_close(&c);
 */

#include "server_world.h"
#include "tests/unit/base/tls_fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: bot.example\r\n\r\n"
#define GET_AND_CLOSE(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

struct tls_client {
    int fd;
    SSL *ssl;
    uint8_t hello[2048]; /* what tls_client_begin() has made, and how far it was sent */
    size_t hello_len, hello_sent;
    bool is_orderly; /* the server ended with close_notify */
};

/* Connects to address 0; nothing is said yet. */
struct tls_client tls_client_open(struct server_world *w);

/* Sends the first `n` bytes of its ClientHello; the rest goes with tls_client_shake(). */
void tls_client_begin(struct server_world *w, struct tls_client *c, size_t n);

/* True when it is through. Shows `id`, NULL: nothing; verifies nobody. */
bool tls_client_shake(struct server_world *w, struct tls_client *c, const struct identity *id);

void tls_client_send(struct server_world *w, struct tls_client *c, const char *text);

/* Everything until it is quiet, or the end: true. Of more than there is room for, the last part. */
bool tls_client_read(struct server_world *w, struct tls_client *c, char reply[REPLY_SIZE]);

void tls_client_close(struct tls_client *c);

/* A request on a connection of its own; the whole reply, "" when the handshake did not get through. */
const char *tls_client_ask(struct server_world *w, const struct identity *id, const char *request);

/* The common name of the certificate a new connection is shown; "": it is refused. */
const char *tls_client_sees(struct server_world *w);

/* A certificate valid from 2025-01-01 to 2026-02-01; `issuer` NULL: a CA. The caller's. */
struct identity tls_world_make(const char *name, const char *san, const struct identity *issuer);

/* Writes PEM files into the world's directory. */
void tls_world_put_cert(struct server_world *w, const char *file, const struct identity *id);
void tls_world_put_key(struct server_world *w, const char *file, const struct identity *id);

/* How many handshakes ended so. */
unsigned tls_world_count(struct server_world *w, const char *result);

/* The server's sockets take little at once from here on; until the next setup. */
void tls_world_narrow(bool is_narrow);

/* The server's reads without waiting find as much as there is room for, every time. */
void tls_world_pour(bool is_pouring);

/* How often the server looked whether there is anything to carry. */
unsigned tls_world_steps(void);

/* Descriptors of this process that are open. */
size_t tls_world_descriptors(void);

#endif
