/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cluster.h"

#include "tests/unit/agent/cluster_world.h"

#include <poll.h>

static struct ctx hasty(int64_t ms)
{
    const struct ctx ctx = cluster_world_patience();
    return ctx_until(&ctx, dur_ms(ms));
}

static void test_check_when_an_old_connection_fell_silent_uses_a_new_one(void **state)
{
    struct cluster_world *w = *state;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    atomic_store(&w->n_silent, 1);
    struct ctx ctx = hasty(4000);
    assert_ok(cluster_check(w->cluster, &ctx));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
}

static void test_check_when_a_new_connection_is_silent_too_times_out(void **state)
{
    struct cluster_world *w = *state;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    atomic_store(&w->n_silent, 2);
    struct ctx ctx = hasty(200);
    assert_fails(cluster_check(w->cluster, &ctx), ERR_TIMEOUT, "Ping");
}

static void fire(void *arg)
{
    cancel_fire(arg);
}

static void test_loss_of_the_connection_is_told(void **state)
{
    struct cluster_world *w = *state;
    CLEANUP(cancel_freep) struct cancel *lost = NULL;
    assert_ok(cancel_new(&lost));
    w->cluster_config.lost = fire;
    w->cluster_config.lost_arg = lost;
    cluster_world_begin(w);
    assert_ok(cluster_world_probe(w));
    assert_false(cancel_fired(lost));
    fake_cluster_drop(w->fc);
    const struct ctx ctx = cluster_world_patience();
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(lost), POLLIN));
    cluster_free(TAKE(w->cluster)); /* before what it would tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_check_when_an_old_connection_fell_silent_uses_a_new_one),
        CLUSTER_TEST(test_check_when_a_new_connection_is_silent_too_times_out),
        CLUSTER_TEST(test_loss_of_the_connection_is_told),
    };
    return fake_cluster_run_tests("agent/cluster_check", tests);
}
