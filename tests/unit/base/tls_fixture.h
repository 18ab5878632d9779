/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_TLS_FIXTURE_H
#define TBOT_TESTS_TLS_FIXTURE_H

/*
 * Certificates made on the spot, and servers on the other end of a socket pair, each in a thread of
 * its own. What fails here ends the test.
 */

#include "base/tls.h"

#include <openssl/ssl.h>
#include <pthread.h>

/* A certificate and its key; P-256. */
struct identity {
    X509 *cert;
    EVP_PKEY *key;
};

struct identity_spec {
    const char *name;              /* CN */
    const char *san;               /* "DNS:a,IP:10.0.0.1"; NULL: none */
    const struct identity *issuer; /* NULL: itself, and it is a CA */
    const char *not_before;        /* "20260101000000Z" */
    const char *not_after;
    bool is_ca; /* although another made it */
};
struct identity identity_make(const struct identity_spec *spec);
void identity_release(struct identity *id);

/* The far end: `run` is called in a thread with the other end of the pair, which it closes. */
struct far_end {
    pthread_t thread;
    int fd;
    void (*run)(int fd, void *arg);
    void *arg;
};

/* Returns our end, non-blocking. */
int far_end_start(struct far_end *f, void (*run)(int fd, void *arg), void *arg);
void far_end_join(struct far_end *f);

/*
 * A server made of OpenSSL alone, blocking, which judges client certificates as it is told: for what
 * our own server never does. It handshakes, writes "ok" where that worked, and closes.
 */
struct strict_server {
    const struct identity *identity;
    int verdict;     /* X509_V_OK, or what it finds wrong with any client certificate */
    int max_version; /* 0: the newest */
    const struct identity *inner; /* not NULL: a second TLS inside the first, which echoes */
};
void strict_server_run(int fd, void *arg);

#endif
