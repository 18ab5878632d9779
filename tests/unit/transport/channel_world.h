/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_TRANSPORT_CHANNEL_WORLD_H
#define TBOT_TESTS_UNIT_TRANSPORT_CHANNEL_WORLD_H

/*
 * A channel and a server it can dial, which echoes a call, holds it, refuses it, or breaks the
 * connection under it.
 *
 *     struct channel_world *w = *state;        made by channel_world_set_up()
 *     struct ctx ctx = channel_world_patience();
 *     atomic_store(&w->script.n_break, 1);
 *     assert_ok(channel_world_call(w, true, &ctx, NULL));
 */

#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "transport/address.h"
#include "transport/channel.h"

#include <pthread.h>
#include <stdatomic.h>

/* As long as real ones: gRPC keeps a name of up to 23 bytes in place, and nothing could leak. */
#define CHANNEL_WORLD_ECHO "/test.longer.than.a.slice.Service/Echo"

#define CHANNEL_WORLD_CLUSTER "example"

/* What the server does next, and what it saw. */
struct channel_script {
    struct fake_cluster *fc;
    atomic_int n_calls;
    atomic_int n_break;  /* calls that find the connection broken under them */
    atomic_bool is_held; /* calls are not answered */
    atomic_int status;
    pthread_mutex_t lock; /* guards version: every call is served in a thread of its own */
    char version[64];     /* metadata of the last call */
    struct cancel *fire;  /* by the call, which is not answered */
    void (*during)(void *arg);
    void *during_arg;
};

struct channel_world {
    struct host_ca ca;
    STACK_OF(X509) * roots; /* what the channel trusts: `ca` */
    struct channel_script script;
    struct fake_cluster *fc;
    struct credentials *creds; /* of "bot-one" */
    struct channel *channel;
    struct address address; /* where it dials */
    atomic_int n_dials;
    struct cancel *lost; /* fired when the channel tells of a loss */
    struct metrics *metrics;
};

int channel_world_set_up(void **state);
int channel_world_tear_down(void **state);

/* Another server takes its place, before anything was dialled. What the channel trusts is new, too. */
void channel_world_rebuild(struct channel_world *w, struct fake_cluster_config config);

/* Time enough for anything. */
struct ctx channel_world_patience(void);

/* Calls, and checks what comes back. `ret_written` as in channel_unary(). */
RESULT channel_world_call(struct channel_world *w, bool is_idempotent, const struct ctx *ctx,
                          bool *ret_written);

#define CHANNEL_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, channel_world_set_up, channel_world_tear_down)

#endif
