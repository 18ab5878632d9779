/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_TRANSPORT_JOIN_WORLD_H
#define TBOT_TESTS_UNIT_TRANSPORT_JOIN_WORLD_H

/*
 * A server to join at, proxy and auth server in one, of any version, that knows or does not know each
 * form of joining, breaks connections and lies. Counts who saw the token.
 *
 *     struct join_world *w = *state;       made by join_world_set_up()
 *     w->version = "18.1.0";
 *     join_world_begin(w, PATH_AUTH);
 *     assert_ok(join_world_join(w));
 */

#include "identity/pki/credentials.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/temp_dir.h"
#include "transport/join.h"

#include <stdatomic.h>

#define JOIN_WORLD_TOKEN "a-token-of-nobody"

/* How a form of joining goes. */
enum join_fate {
    JOIN_WORKS,
    JOIN_UNKNOWN, /* the server does not have the call */
    JOIN_DENIED,
    JOIN_LOST, /* the connection ends instead of an answer, after everything was heard */
    /* The stream's only. */
    JOIN_LOST_SOON, /* it is lost after the first message */
    JOIN_ENDS,      /* in good order, without a result */
    JOIN_HANGS,     /* nothing is said */
};

struct join_world {
    /* The server, to be changed before join_world_begin(). */
    struct fake_cluster_config server;
    const struct host_ca *server_ca; /* whose certificate it has; NULL: `ca`'s */
    const char *version;             /* as the server tells it */
    const char *cluster;             /* as it calls itself */
    const char *suite;               /* "legacy" */
    const char *suite_of_stream;     /* NULL: the same */
    const char *join_method;         /* what the token is for, as the stream tells */
    int ping_status;
    bool shows_two_cas; /* the second is of nobody */
    enum join_fate stream, registering, http;
    bool is_garbage;           /* the TLS certificate is none */
    bool is_not_renewable;     /* the certificates of another join method */
    bool is_keyed_wrong;       /* they are over another key */
    const char *find;          /* body; NULL: a true one */
    const struct clock *clock; /* the bot's */
    struct cancel *fire;       /* when it hangs; NULL: nothing */

    /* The bot. */
    struct join_config config;
    struct join_report report;
    struct strlist pins;
    struct secret *token;
    struct key *key;
    enum suite asked_suite;
    int n_keys;
    struct credentials *credentials;

    /* What the server saw. */
    atomic_int n_stream, n_stream_keys, n_register, n_http, n_http_auth, n_gave_up, n_wrong;

    struct host_ca ca, foreign;
    struct key *other_key;
    struct fake_cluster *fc;
    struct temp_dir dir;
};

int join_world_set_up(void **state);
int join_world_tear_down(void **state);

/* Starts the server; the bot is told that its address is of this kind. */
void join_world_begin(struct join_world *w, enum path_kind kind);

/* The bot pins the server's CA. */
void join_world_pin(struct join_world *w, const struct host_ca *ca);

/* Writes the server's CA to a file and gives its path. */
const char *join_world_ca_file(struct join_world *w, const struct host_ca *ca);

RESULT join_world_join(struct join_world *w);

/* How often the token was sent, in any form. */
int join_world_tokens_seen(struct join_world *w);

#define JOIN_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, join_world_set_up, join_world_tear_down)

#endif
