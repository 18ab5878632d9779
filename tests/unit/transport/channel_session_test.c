/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture.h"
#include "tests/unit/transport/channel_world.h"

#include <poll.h>

static void test_credentials_when_swapped_are_used_by_the_next_call(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    CLEANUP(credentials_freep)
    struct credentials *two = fixture_credentials(&(struct fixture){.user = "bot-two"});
    channel_set_credentials(w->channel, two);
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
    assert_string_equal(fake_cluster_peer(w->fc, 1), "bot-two");

    channel_set_credentials(w->channel, two);
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
}

/* Runs while a call is under way, in the server's thread. */
static void swap(void *arg)
{
    struct channel_world *w = arg;
    channel_set_credentials(w->channel, NULL);
}

static void test_credentials_when_swapped_do_not_disturb_a_call_under_way(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    w->script.during = swap;
    w->script.during_arg = w;
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    w->script.during = NULL;
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
    assert_string_equal(fake_cluster_peer(w->fc, 1), "");
}

static void assert_version_sent(struct channel_world *w, const char *expected)
{
    char version[sizeof(w->script.version)];
    pthread_mutex_lock(&w->script.lock);
    memcpy(version, w->script.version, sizeof(version));
    pthread_mutex_unlock(&w->script.lock);
    assert_string_equal(version, expected);
}

static void test_version_when_the_server_tells_it_is_sent_back(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.version = "17.1.2"});
    char version[VERSION_SIZE];
    channel_version(w->channel, version);
    assert_string_equal(version, "");
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_version_sent(w, "");
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_version_sent(w, "17.1.2");
    channel_version(w->channel, version);
    assert_string_equal(version, "17.1.2");
}

static void test_version_when_not_one_is_not_learnt(void **state)
{
    struct channel_world *w = *state;
    char version[VERSION_SIZE];
    channel_learn_version(w->channel, "next\r\n");
    channel_version(w->channel, version);
    assert_string_equal(version, "");
}

/* --- sessions --- */

static RESULT call_in_session(struct channel_world *w, struct channel_session *s, bool *ret_written)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(4096);
    struct channel_call c = {.method = CHANNEL_WORLD_ECHO, .session = s};
    struct ctx ctx = channel_world_patience();
    return channel_unary(w->channel, &c, &ctx, &reply, ret_written);
}

static void test_session_when_opened_shares_the_live_connection(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &s));
    assert_false(channel_session_is_reused(s));
    assert_ok(call_in_session(w, s, NULL));
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    CLEANUP(channel_session_freep) struct channel_session *again = NULL;
    assert_ok(channel_session_open(w->channel, w->creds, false, &ctx, &again));
    assert_true(channel_session_is_reused(again));
    assert_ptr_equal(channel_session_credentials(again), w->creds);
    assert_int_equal(fake_cluster_connections(w->fc), 1);
    CLEANUP(channel_session_freep) struct channel_session *fresh = NULL;
    assert_ok(channel_session_open(w->channel, w->creds, true, &ctx, &fresh));
    assert_false(channel_session_is_reused(fresh));
    assert_ok(call_in_session(w, fresh, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
}

static void test_session_when_for_other_credentials_has_a_connection_of_its_own(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    CLEANUP(credentials_freep)
    struct credentials *two = fixture_credentials(&(struct fixture){.user = "bot-two"});
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, two, false, &ctx, &s));
    assert_ok(call_in_session(w, s, NULL));
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
    assert_string_equal(fake_cluster_peer(w->fc, 1), "bot-two");
}

static void test_session_when_its_connection_died_unused_knows_nothing_was_written(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &s));
    assert_ok(call_in_session(w, s, NULL));
    fake_cluster_drop(w->fc);
    while (!conn_is_dead(channel_session_conn(s)))
        assert_ok(ctx_wait_fd(&ctx, conn_end_fd(channel_session_conn(s)), POLLIN));
    bool written = true;
    assert_fails(call_in_session(w, s, &written), ERR_UNAVAILABLE, "closed the connection");
    assert_false(written);
    assert_int_equal(fake_cluster_connections(w->fc), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANNEL_TEST(test_credentials_when_swapped_are_used_by_the_next_call),
        CHANNEL_TEST(test_credentials_when_swapped_do_not_disturb_a_call_under_way),
        CHANNEL_TEST(test_version_when_the_server_tells_it_is_sent_back),
        CHANNEL_TEST(test_version_when_not_one_is_not_learnt),
        CHANNEL_TEST(test_session_when_opened_shares_the_live_connection),
        CHANNEL_TEST(test_session_when_for_other_credentials_has_a_connection_of_its_own),
        CHANNEL_TEST(test_session_when_its_connection_died_unused_knows_nothing_was_written),
    };
    return fake_cluster_run_tests("transport/channel_session", tests);
}
