/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_FAKE_CLUSTER_H
#define TBOT_TESTS_SUPPORT_FAKE_CLUSTER_H

/*
 * A server on a loopback port that speaks TLS with gRPC (ALPN h2) and HTTP/1.1 inside, and does what
 * a test tells it: answers, holds back, breaks connections, or is no such server at all.
 *
 *     struct fake_cluster_config config = { .ca = &ca, .handle = handle };
 *     struct fake_cluster *fc = fake_cluster_start(&config);
 *     ... dial 127.0.0.1, fake_cluster_port(fc) ...
 *     fake_cluster_stop(fc);
 *
 * Needs the transport: fake_cluster_run_tests() runs the tests. Handlers run in threads of the server,
 * one at a time: they must not assert. What a test shares with its handlers it orders with
 * fake_cluster_sync(), before and after a call.
 */

#include "base/buf.h"
#include "tests/support/assert_err.h"
#include "tests/support/host_ca.h"

struct fake_cluster;

/* One message of a client. */
struct fake_call {
    const char *method;
    struct bytes request;
    unsigned message;    /* 0: the call's first */
    const char *version; /* metadata the client sent, "" for none */
};

enum fake_then {
    FAKE_FINISH,   /* the call ends with `status` (after the reply, if that is 0) */
    FAKE_CONTINUE, /* a stream: reply, then take the next message */
    FAKE_HOLD,     /* say nothing until the call is cancelled or its connection ends */
};

struct fake_answer {
    enum fake_then then;
    int status;
    const char *text; /* for a status */
    struct buf reply;
};

enum fake_kind {
    FAKE_CLUSTER,    /* as described */
    FAKE_SILENT,     /* takes connections and says nothing */
    FAKE_TLS_SILENT, /* shakes hands, then says nothing */
    FAKE_GARBAGE,    /* sends bytes that are no TLS */
    FAKE_TLS_GARBAGE /* shakes hands, then sends bytes that are no HTTP/2 */
};

struct fake_cluster_config {
    enum fake_kind kind;
    const struct host_ca *ca;
    const char *alt_names;   /* NULL: those of a Teleport auth server, and localhost */
    int64_t not_after;       /* of its certificate; 0: valid */
    const char *const *alpn; /* NULL: h2 and http/1.1 */
    const char *version;     /* metadata it sends; NULL: none, as version 15 */
    /* Only connections whose ClientHello has this text, or has it not, are served; NULL: all are.
     * Others are closed, or with `ignores_others` kept without an answer. */
    const char *hello_with, *hello_without;
    bool ignores_others;
    void (*handle)(void *arg, const struct fake_call *call, struct fake_answer *answer);
    /* An HTTP/1.1 request, head and body, answered with the bytes of `reply`. */
    void (*handle_http)(void *arg, const char *request, struct buf *reply);
    void *arg;
};

struct fake_cluster *fake_cluster_start(const struct fake_cluster_config *config);
void fake_cluster_stop(struct fake_cluster *fc);

uint16_t fake_cluster_port(const struct fake_cluster *fc);

/* How many connections got through the handshake so far. */
unsigned fake_cluster_connections(struct fake_cluster *fc);

/* The common name in the certificate the n-th of them presented, "" for none. */
const char *fake_cluster_peer(struct fake_cluster *fc, unsigned n);

/* What handlers did is seen from here on, and what the test did by the handlers. */
void fake_cluster_sync(struct fake_cluster *fc);

/* Breaks every connection there is; returns when they are broken. Handlers may call it. */
void fake_cluster_drop(struct fake_cluster *fc);

/* Asks every client to go (GOAWAY); new connections are welcome. */
void fake_cluster_go_away(struct fake_cluster *fc);

/* Runs a group of tests between the start and the end of the transport. For main(). */
#define fake_cluster_run_tests(group, tests)                                                       \
    fake_cluster_run((group), (tests), sizeof(tests) / sizeof((tests)[0]))
int fake_cluster_run(const char *group, const struct CMUnitTest *tests, size_t n);

#endif
