/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/cluster_world.h"

#include <stdio.h>

/* This server tells too little for facts to be had whole: the proxy's part is enough. */
static void ask(struct cluster_world *w)
{
    const struct ctx ctx = cluster_world_patience();
    struct cluster_facts *facts = NULL;
    cluster_forget_facts(w->cluster);
    CLEANUP(err_freep) struct err *e = cluster_get_facts(w->cluster, &ctx, &facts);
    assert_non_null(e);
}

static void test_proxy_that_tells_nothing_is_spoken_of_once(void **state)
{
    struct cluster_world *w = *state;
    w->config->insecure = true;
    assert_true(asprintf(&w->proxy, "127.0.0.1:%u", fake_cluster_port(w->fc)) > 0);
    atomic_store(&w->is_mute, true);
    fake_cluster_sync(w->fc); /* its threads see what was set */
    cluster_world_begin(w);
    for (int i = 0; i < 3; i++)
        ask(w);
    assert_int_equal(test_log_count(&w->log, "cannot be asked how it listens"), 1);
    atomic_store(&w->is_mute, false);
    for (int i = 0; i < 3; i++)
        ask(w);
    assert_int_equal(test_log_count(&w->log, "cannot be asked how it listens"), 1);
    assert_int_equal(test_log_count(&w->log, "tells again how it listens"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(test_proxy_that_tells_nothing_is_spoken_of_once),
    };
    return fake_cluster_run_tests("agent/cluster_facts", tests);
}
