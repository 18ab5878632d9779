/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_FAKE_JOIN_H
#define TBOT_TESTS_SUPPORT_FAKE_JOIN_H

/*
 * The joining half of a cluster, of any version, for tests/support/fake_cluster.h: says who it is,
 * takes one token, answers with certificates over the key that `key` points to.
 */

#include "tests/support/fake_cluster.h"

#include <stdatomic.h>

struct fake_join {
    /* What it is. */
    const char *cluster;
    const char *version; /* "17.2.0" */
    int suite_number;
    const char *token;
    const struct host_ca *ca;
    bool knows_stream, knows_register;
    const char *stream_method; /* the join method it asks for; NULL: token */
    struct key **key;          /* the client's */
    struct fake_cluster *fc;
    bool is_broken; /* the connection breaks when the token arrives */

    /* What it saw. */
    atomic_int n_finds, n_streams, n_registers, n_http, n_ca;
    atomic_int n_tokens; /* how often the token was presented to be used */
    char client_version[64];
    char http_path[64];
    char http_host[64];
};

/* For struct fake_cluster_config; `arg` is the struct fake_join. */
void fake_join_handle(void *arg, const struct fake_call *call, struct fake_answer *answer);
void fake_join_handle_http(void *arg, const char *request, struct buf *reply);

#endif
