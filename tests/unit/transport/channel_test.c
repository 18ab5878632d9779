/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/channel_world.h"

#include "diag/core/metrics_text.h"
#include "proto/method.h"

#include <poll.h>

static void test_channel_when_made_does_not_dial(void **state)
{
    struct channel_world *w = *state;
    assert_int_equal(atomic_load(&w->n_dials), 0);
    assert_int_equal(fake_cluster_connections(w->fc), 0);
}

static void test_call_when_first_dials_and_later_ones_reuse(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = false;
    assert_ok(channel_world_call(w, false, &ctx, &written));
    assert_true(written);
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 1);
    assert_int_equal(fake_cluster_connections(w->fc), 1);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
}

static void assert_counted(struct channel_world *w, const char *line)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    assert_ok(metrics_write(w->metrics, METRICS_PROMETHEUS, &text));
    if (!strstr(buf_str(&text), line))
        fail_msg("no '%s' in\n%s", line, buf_str(&text));
}

static void test_call_is_counted_once_by_its_outcome(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    CLEANUP(buf_release) struct buf reply = BUF_INIT(4096);
    struct channel_call ping = {.method = METHOD_PING, .is_idempotent = true};
    assert_ok(channel_unary(w->channel, &ping, &ctx, &reply, NULL));
    atomic_store(&w->script.n_break, 1); /* and once more, unnoticed by the caller */
    assert_ok(channel_unary(w->channel, &ping, &ctx, &reply, NULL));
    assert_counted(w, "tbot_rpc_requests_total{method=\"Ping\",code=\"ok\"} 2\n");
    assert_counted(w, "tbot_rpc_duration_seconds_count{method=\"Ping\"} 2\n");
    fake_cluster_drop(w->fc);
    atomic_store(&w->script.status, 7); /* permission denied */
    assert_fails(channel_world_call(w, true, &ctx, NULL), ERR_DENIED, "as told");
    assert_counted(w, "tbot_rpc_requests_total{method=\"other\",code=\"denied\"} 1\n");
}

static void test_call_when_the_connection_died_dials_again(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    for (int i = 0; i < 5; i++) {
        fake_cluster_drop(w->fc);
        assert_ok(channel_world_call(w, true, &ctx, NULL));
    }
    assert_int_equal(atomic_load(&w->n_dials), 6);
}

static void test_call_when_the_server_asked_us_to_go_is_repeated(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    for (int i = 0; i < 5; i++) {
        fake_cluster_go_away(w->fc);
        assert_ok(channel_world_call(w, true, &ctx, NULL));
    }
}

static void test_call_when_the_connection_breaks_under_it_is_repeated_if_idempotent(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    atomic_store(&w->script.n_break, 1);
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_int_equal(atomic_load(&w->script.n_calls), 3);
}

static void test_call_when_it_breaks_twice_is_not_repeated_again(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    atomic_store(&w->script.n_break, 2);
    assert_fails(channel_world_call(w, true, &ctx, NULL), ERR_UNAVAILABLE, CHANNEL_WORLD_ECHO);
    assert_int_equal(atomic_load(&w->script.n_calls), 3);
}

static void test_call_when_not_idempotent_and_written_is_never_repeated(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = false;
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    atomic_store(&w->script.n_break, 1);
    assert_fails(channel_world_call(w, false, &ctx, &written), ERR_UNAVAILABLE, "Echo");
    assert_true(written);
    assert_int_equal(atomic_load(&w->script.n_calls), 2);
}

static void test_call_when_the_dial_fails_was_not_written(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = true;
    w->address.port = 1; /* nobody listens */
    assert_fails(channel_world_call(w, false, &ctx, &written), ERR_UNAVAILABLE,
                 "dial '127.0.0.1:1'");
    assert_false(written);
}

static void test_call_when_the_server_refuses_says_so_and_was_written(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = false;
    atomic_store(&w->script.status, 7);
    assert_fails(channel_world_call(w, false, &ctx, &written), ERR_DENIED,
                 "PERMISSION_DENIED: as told");
    assert_true(written);
    assert_int_equal(atomic_load(&w->n_dials), 1);
    atomic_store(&w->script.status, 0);
    assert_ok(channel_world_call(w, false, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 1);
}

static void test_call_when_the_servers_status_is_unknown_was_rejected(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    atomic_store(&w->script.status, 2);
    assert_fails(channel_world_call(w, false, &ctx, NULL), ERR_REJECTED, "UNKNOWN: as told");
}

static void test_call_when_the_deadline_passes_times_out(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = false;
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    atomic_store(&w->script.is_held, true);
    struct ctx hasty = ctx_until(&ctx, dur_ms(50));
    assert_fails(channel_world_call(w, false, &hasty, &written), ERR_TIMEOUT, "Echo");
    assert_true(written);
    /* Silence is a reason to doubt the connection. */
    atomic_store(&w->script.is_held, false);
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 2);
}

static void test_call_when_cancelled_returns_at_once(void **state)
{
    struct channel_world *w = *state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    assert_ok(cancel_new(&cancel));
    struct ctx ctx = channel_world_patience();
    ctx.cancel = cancel;
    w->script.fire = cancel;
    bool written = false;
    assert_fails(channel_world_call(w, true, &ctx, &written), ERR_CANCELLED, "cancelled");
    assert_true(written);
    assert_fails(channel_world_call(w, true, &ctx, &written), ERR_CANCELLED, "cancelled");
    assert_false(written);
    assert_int_equal(atomic_load(&w->script.n_calls), 1);
}

static void test_call_when_the_channel_is_closed_is_refused(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    channel_close(w->channel);
    assert_fails(channel_world_call(w, true, &ctx, NULL), ERR_CANCELLED, "closed");
}

/* --- its end --- */

static void test_connection_when_it_dies_is_told_of(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    assert_false(cancel_fired(w->lost));
    fake_cluster_drop(w->fc);
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(w->lost), POLLIN));
}

static void test_connection_when_it_dies_while_it_is_made_is_told_of(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_GARBAGE});
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &s));
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(w->lost), POLLIN));
}

static void test_connection_when_we_end_it_is_no_loss(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    channel_set_credentials(w->channel, NULL);
    assert_ok(channel_world_call(w, true, &ctx, NULL));
    channel_close(w->channel);
    channel_free(TAKE(w->channel)); /* waits for the connection's thread */
    assert_false(cancel_fired(w->lost));
}

static void test_connection_when_replaced_is_no_loss_whenever_it_dies(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    CLEANUP(channel_session_freep) struct channel_session *old = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &old));
    assert_ok(channel_world_call(w, true, &ctx, NULL)); /* the server has it too */
    channel_set_credentials(w->channel, NULL);
    fake_cluster_drop(w->fc);
    assert_ok(ctx_wait_fd(&ctx, conn_end_fd(channel_session_conn(old)), POLLIN));
    channel_session_free(TAKE(old));
    assert_false(cancel_fired(w->lost));
}

/* --- several callers --- */

struct caller {
    struct channel_world *w;
    pthread_t thread;
    struct err *e;
};

static void *call_in_thread(void *arg)
{
    struct caller *c = arg;
    struct ctx ctx = channel_world_patience();
    c->e = channel_world_call(c->w, true, &ctx, NULL);
    return NULL;
}

static void call_from_many(struct channel_world *w, struct caller *callers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        callers[i].w = w;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_in_thread, &callers[i]), 0);
    }
    for (size_t i = 0; i < n; i++)
        pthread_join(callers[i].thread, NULL);
}

static void test_calls_when_many_come_at_once_share_one_dial(void **state)
{
    struct channel_world *w = *state;
    struct caller callers[8] = {0};
    call_from_many(w, callers, 8);
    for (size_t i = 0; i < 8; i++)
        assert_ok(callers[i].e);
    assert_int_equal(atomic_load(&w->n_dials), 1);
    assert_int_equal(atomic_load(&w->script.n_calls), 8);
}

static void test_calls_when_the_dial_fails_all_say_why(void **state)
{
    struct channel_world *w = *state;
    struct caller callers[8] = {0};
    w->address.port = 1;
    call_from_many(w, callers, 8);
    for (size_t i = 0; i < 8; i++)
        assert_fails(callers[i].e, ERR_UNAVAILABLE, "Connection refused");
}

static void test_calls_when_connections_keep_dying_all_succeed(void **state)
{
    struct channel_world *w = *state;
    for (int round = 0; round < 10; round++) {
        struct caller callers[4] = {0};
        call_from_many(w, callers, 4);
        for (size_t i = 0; i < 4; i++)
            assert_ok(callers[i].e);
        if (round % 2)
            fake_cluster_drop(w->fc);
        else
            fake_cluster_go_away(w->fc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANNEL_TEST(test_channel_when_made_does_not_dial),
        CHANNEL_TEST(test_call_when_first_dials_and_later_ones_reuse),
        CHANNEL_TEST(test_call_is_counted_once_by_its_outcome),
        CHANNEL_TEST(test_call_when_the_connection_died_dials_again),
        CHANNEL_TEST(test_call_when_the_server_asked_us_to_go_is_repeated),
        CHANNEL_TEST(test_call_when_the_connection_breaks_under_it_is_repeated_if_idempotent),
        CHANNEL_TEST(test_call_when_it_breaks_twice_is_not_repeated_again),
        CHANNEL_TEST(test_call_when_not_idempotent_and_written_is_never_repeated),
        CHANNEL_TEST(test_call_when_the_dial_fails_was_not_written),
        CHANNEL_TEST(test_call_when_the_server_refuses_says_so_and_was_written),
        CHANNEL_TEST(test_call_when_the_servers_status_is_unknown_was_rejected),
        CHANNEL_TEST(test_call_when_the_deadline_passes_times_out),
        CHANNEL_TEST(test_call_when_cancelled_returns_at_once),
        CHANNEL_TEST(test_call_when_the_channel_is_closed_is_refused),
        CHANNEL_TEST(test_connection_when_it_dies_is_told_of),
        CHANNEL_TEST(test_connection_when_it_dies_while_it_is_made_is_told_of),
        CHANNEL_TEST(test_connection_when_we_end_it_is_no_loss),
        CHANNEL_TEST(test_connection_when_replaced_is_no_loss_whenever_it_dies),
        CHANNEL_TEST(test_calls_when_many_come_at_once_share_one_dial),
        CHANNEL_TEST(test_calls_when_the_dial_fails_all_say_why),
        CHANNEL_TEST(test_calls_when_connections_keep_dying_all_succeed),
    };
    return fake_cluster_run_tests("transport/channel", tests);
}
