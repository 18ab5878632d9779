/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_BASE_TLS_WORLD_H
#define TBOT_TESTS_UNIT_BASE_TLS_WORLD_H

/*
 * Two CAs, a server's and a client's certificate, a clock that stands still while all of them are
 * valid, and a server of ours that echoes. What fails here ends the test.
 *
 *     struct tls_world *w = *state;
 *     struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
 *     struct tls_client_config config = tls_world_client(w);
 *     TRY(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
 */

#include "tests/support/fake_clock.h"
#include "tests/unit/base/tls_fixture.h"

#define TLS_WORLD_NAME "auth.cluster.example"

/* Longer than a label of DNS may be, as Teleport's names are: they hold a cluster's name in hex. */
#define TLS_WORLD_LONG_LABEL                                                                       \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabb"
#define TLS_WORLD_LONG_NAME TLS_WORLD_LONG_LABEL ".teleport.cluster.local"

struct tls_world {
    struct identity ca, other_ca;
    struct identity server_id; /* for the names above, 10.0.0.1 and *.wild.example; by `ca` */
    struct identity client_id;
    STACK_OF(X509) * roots; /* `ca` */
    struct fake_clock now;
    struct ctx ctx; /* no deadline */
};

/* For a group of tests. */
int tls_world_set_up(void **state);
int tls_world_tear_down(void **state);

/* Before each test: the time and the context are as at first. */
int tls_world_reset(void **state);

/* The caller's. `san` and `issuer` as in struct identity_spec. */
struct identity tls_world_issue(const char *name, const char *san, const struct identity *issuer);

/* One that is accepted. */
struct tls_client_config tls_world_client(const struct tls_world *w);

/* Our own server: accepts, tells what it saw, echoes until the end. */
struct echo_server {
    const struct ctx *ctx;
    const struct identity *identity;
    const char *const *alpn;
    STACK_OF(X509) * client_roots; /* NULL: any client will do */
    bool abrupt;                   /* closes the socket without saying goodbye */
    char client[64];
    char alpn_seen[64];
    enum err_code failed;
};
void echo_server_run(int fd, void *arg);

/* Connects to an echo server with `config` and expects it to fail so. */
void tls_world_assert_refused(const struct tls_world *w, const struct tls_client_config *config,
                              struct echo_server *server, enum err_code code, const char *part);

/* Connects to an echo server that has server_id. */
void tls_world_assert_accepted(const struct tls_world *w, const struct tls_client_config *config);

#endif
