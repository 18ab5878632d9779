/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_AUTHORITY_WORLD_H
#define TBOT_TESTS_AUTHORITY_WORLD_H

/*
 * A cluster of its own for each test, with the bot "b" that may impersonate "access", the token "t", the
 * leaf cluster "leaf"; and a client that is nobody until it joins.
 *
 *     IN_VERSION(17, test_x) in the list of tests; struct world *w = *state; in the test
 *     cmocka_run_group_tests(tests, world_start, world_end)
 */

#include "identity/pki/credentials.h"
#include "proto/msg_certs.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/authority/client.h"

#include <stdatomic.h>

struct world {
    struct fake_clock time;
    struct fake_entropy dice;
    struct temp_dir dir;
    struct authority *authority;
    struct peer peer;
    struct client *client;
    struct key *key;
    struct buf line, pem; /* the key's public half */
    atomic_int n_cuts;
};

/* The key of every certificate asked for: one for all, as RSA is slow. */
extern struct key *world_key;

int world_start(void **state);
int world_end(void **state);
int world_make_15(void **state);
int world_make_17(void **state);
int world_make_18(void **state);
int world_free(void **state);
#define IN_VERSION(version, test)                                                                  \
    cmocka_unit_test_setup_teardown(test, world_make_##version, world_free)

/* Sends a line of the control socket that is a fault. */
void world_command(struct world *w, const char *line);

/* From now on the client shows this certificate. */
void world_become(struct world *w, const char *tls_pem);

/* After a cut, as the same one. */
void world_reconnect(struct world *w);

/* `request` NULL: an empty message. */
struct client_reply world_call(struct world *w, const char *method, const struct buf *request);
void world_assert_status(const struct client_reply *r, int status, const char *part);

struct client_reply world_register(struct world *w, const char *token, const char *role);

/* Joins with the token "t" and becomes the bot. */
void world_join(struct world *w);

/* GenerateUserCerts, by default for the bot itself, for ten minutes. */
struct client_reply world_generate(struct world *w, struct msg_user_certs_request m);
struct client_reply world_renew(struct world *w);

/* What an agent would make of the reply, which must be a success. */
struct credentials *world_accept(const struct client_reply *r);

/* By GetCurrentUser. */
int64_t world_own_generation(struct world *w);

#endif
