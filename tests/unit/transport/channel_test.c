/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/channel.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "transport/dial.h"
#include "transport/route.h"
#include "transport/transport.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* As long as real ones: gRPC keeps a name of up to 23 bytes in place, and nothing could leak. */
#define ECHO "/test.longer.than.a.slice.Service/Echo"

#define CLUSTER "example"

/* What the server does next, and what it saw. */
struct script {
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

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct script *s = arg;
    atomic_fetch_add(&s->n_calls, 1);
    pthread_mutex_lock(&s->lock);
    snprintf(s->version, sizeof(s->version), "%s", call->version);
    pthread_mutex_unlock(&s->lock);
    answer->status = atomic_load(&s->status);
    answer->text = "as told";
    err_free(buf_add(&answer->reply, call->request.data, call->request.len));
    if (atomic_load(&s->is_held) || s->fire)
        answer->then = FAKE_HOLD;
    if (s->fire)
        cancel_fire(s->fire);
    if (s->during)
        s->during(s->during_arg);
    if (atomic_load(&s->n_break) > 0) {
        atomic_fetch_sub(&s->n_break, 1);
        answer->then = FAKE_HOLD;
        fake_cluster_drop(s->fc);
    }
}

struct world {
    struct host_ca ca;
    STACK_OF(X509) * roots;
    struct script script;
    struct fake_cluster *fc;
    struct credentials *creds;
    struct channel *channel;
    struct address address;
    atomic_int n_dials;
    struct cancel *lost; /* fired when the channel tells of a loss */
};

static void on_lost(void *arg)
{
    struct world *w = arg;
    cancel_fire(w->lost);
}

static struct err *dial_world(void *arg, struct credentials *creds, const struct ctx *ctx,
                              struct tls **ret)
{
    struct world *w = arg;
    atomic_fetch_add(&w->n_dials, 1);
    struct route_trust trust = {.roots = w->roots};
    if (creds) {
        trust.cert = credentials_cert(creds);
        trust.key = key_evp(credentials_key(creds));
    }
    struct route_tls tls;
    TRY(route_auth(ROUTE_DIRECT, CLUSTER, &trust, &tls));
    return dial_tls(&w->address, &tls.config, ctx, ret);
}

static void build(struct world *w, struct fake_cluster_config config)
{
    host_ca_init(&w->ca, CLUSTER);
    w->roots = sk_X509_new_null();
    X509_up_ref(w->ca.cert);
    sk_X509_push(w->roots, w->ca.cert);
    config.ca = &w->ca;
    config.handle = handle;
    config.arg = &w->script;
    w->fc = w->script.fc = fake_cluster_start(&config);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->address));
    w->creds = fixture_credentials(&(struct fixture){.user = "bot-one"});
    assert_ok(cancel_new(&w->lost));
    struct channel_config channel = {
        .dial = dial_world, .arg = w, .credentials = w->creds, .lost = on_lost, .lost_arg = w};
    assert_ok(channel_new(&channel, &w->channel));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    build(w, (struct fake_cluster_config){0});
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    channel_free(w->channel);
    fake_cluster_stop(w->fc);
    cancel_free(w->lost);
    credentials_free(w->creds);
    x509_stack_freep(&w->roots);
    host_ca_release(&w->ca);
    pthread_mutex_destroy(&w->script.lock);
    free(w);
    return 0;
}

/* The server of a world is replaced before anything was dialled. */
static void rebuild(struct world *w, struct fake_cluster_config config)
{
    channel_free(w->channel);
    fake_cluster_stop(w->fc);
    cancel_free(w->lost);
    credentials_free(w->creds);
    x509_stack_freep(&w->roots);
    host_ca_release(&w->ca);
    build(w, config);
}

static struct ctx patient(void)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    return ctx_until(&ctx, dur_s(30));
}

static RESULT call(struct world *w, bool is_idempotent, const struct ctx *ctx, bool *ret_written)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(4096);
    struct channel_call c = {
        .method = ECHO,
        .request = bytes_of_str("hello"),
        .is_idempotent = is_idempotent,
    };
    fake_cluster_sync(w->fc);
    TRY(channel_unary(w->channel, &c, ctx, &reply, ret_written));
    fake_cluster_sync(w->fc);
    if (strcmp(buf_str(&reply), "hello") != 0)
        return err_new(ERR_BUG, "reply '%s'", buf_str(&reply));
    return NULL;
}

static void test_channel_when_made_does_not_dial(void **state)
{
    struct world *w = *state;
    assert_int_equal(atomic_load(&w->n_dials), 0);
    assert_int_equal(fake_cluster_connections(w->fc), 0);
}

static void test_call_when_first_dials_and_later_ones_reuse(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = false;
    assert_ok(call(w, false, &ctx, &written));
    assert_true(written);
    assert_ok(call(w, false, &ctx, NULL));
    assert_ok(call(w, false, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 1);
    assert_int_equal(fake_cluster_connections(w->fc), 1);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
}

static void test_call_when_the_connection_died_dials_again(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    for (int i = 0; i < 5; i++) {
        fake_cluster_drop(w->fc);
        assert_ok(call(w, true, &ctx, NULL));
    }
    assert_int_equal(atomic_load(&w->n_dials), 6);
}

static void test_call_when_the_server_asked_us_to_go_is_repeated(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    for (int i = 0; i < 5; i++) {
        fake_cluster_go_away(w->fc);
        assert_ok(call(w, true, &ctx, NULL));
    }
}

static void test_call_when_the_connection_breaks_under_it_is_repeated_if_idempotent(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    atomic_store(&w->script.n_break, 1);
    assert_ok(call(w, true, &ctx, NULL));
    assert_int_equal(atomic_load(&w->script.n_calls), 3);
}

static void test_call_when_it_breaks_twice_is_not_repeated_again(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    atomic_store(&w->script.n_break, 2);
    assert_fails(call(w, true, &ctx, NULL), ERR_UNAVAILABLE, ECHO);
    assert_int_equal(atomic_load(&w->script.n_calls), 3);
}

static void test_call_when_not_idempotent_and_written_is_never_repeated(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = false;
    assert_ok(call(w, false, &ctx, NULL));
    atomic_store(&w->script.n_break, 1);
    assert_fails(call(w, false, &ctx, &written), ERR_UNAVAILABLE, "Echo");
    assert_true(written);
    assert_int_equal(atomic_load(&w->script.n_calls), 2);
}

static void test_call_when_the_dial_fails_was_not_written(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = true;
    w->address.port = 1; /* nobody listens */
    assert_fails(call(w, false, &ctx, &written), ERR_UNAVAILABLE, "dial '127.0.0.1:1'");
    assert_false(written);
}

static void test_call_when_the_server_refuses_says_so_and_was_written(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = false;
    atomic_store(&w->script.status, 7);
    assert_fails(call(w, false, &ctx, &written), ERR_DENIED, "PERMISSION_DENIED: as told");
    assert_true(written);
    assert_int_equal(atomic_load(&w->n_dials), 1);
    atomic_store(&w->script.status, 0);
    assert_ok(call(w, false, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 1);
}

static void test_call_when_the_servers_status_is_unknown_was_rejected(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    atomic_store(&w->script.status, 2);
    assert_fails(call(w, false, &ctx, NULL), ERR_REJECTED, "UNKNOWN: as told");
}

static void test_call_when_the_deadline_passes_times_out(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = false;
    assert_ok(call(w, true, &ctx, NULL));
    atomic_store(&w->script.is_held, true);
    struct ctx hasty = ctx_until(&ctx, dur_ms(50));
    assert_fails(call(w, false, &hasty, &written), ERR_TIMEOUT, "Echo");
    assert_true(written);
    /* Silence is a reason to doubt the connection. */
    atomic_store(&w->script.is_held, false);
    assert_ok(call(w, true, &ctx, NULL));
    assert_int_equal(atomic_load(&w->n_dials), 2);
}

static void test_call_when_cancelled_returns_at_once(void **state)
{
    struct world *w = *state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    assert_ok(cancel_new(&cancel));
    struct ctx ctx = patient();
    ctx.cancel = cancel;
    w->script.fire = cancel;
    bool written = false;
    assert_fails(call(w, true, &ctx, &written), ERR_CANCELLED, "cancelled");
    assert_true(written);
    assert_fails(call(w, true, &ctx, &written), ERR_CANCELLED, "cancelled");
    assert_false(written);
    assert_int_equal(atomic_load(&w->script.n_calls), 1);
}

static void test_call_when_the_channel_is_closed_is_refused(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    channel_close(w->channel);
    assert_fails(call(w, true, &ctx, NULL), ERR_CANCELLED, "closed");
}

/* --- its end --- */

static void test_connection_when_it_dies_is_told_of(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    assert_false(cancel_fired(w->lost));
    fake_cluster_drop(w->fc);
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(w->lost), POLLIN));
}

static void test_connection_when_it_dies_while_it_is_made_is_told_of(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_GARBAGE});
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &s));
    assert_ok(ctx_wait_fd(&ctx, cancel_fd(w->lost), POLLIN));
}

static void test_connection_when_we_end_it_is_no_loss(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    channel_set_credentials(w->channel, NULL);
    assert_ok(call(w, true, &ctx, NULL));
    channel_close(w->channel);
    channel_free(TAKE(w->channel)); /* waits for the connection's thread */
    assert_false(cancel_fired(w->lost));
}

static void test_connection_when_replaced_is_no_loss_whenever_it_dies(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    CLEANUP(channel_session_freep) struct channel_session *old = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &old));
    assert_ok(call(w, true, &ctx, NULL)); /* the server has it too */
    channel_set_credentials(w->channel, NULL);
    fake_cluster_drop(w->fc);
    assert_ok(ctx_wait_fd(&ctx, conn_end_fd(channel_session_conn(old)), POLLIN));
    channel_session_free(TAKE(old));
    assert_false(cancel_fired(w->lost));
}

/* --- several callers --- */

struct caller {
    struct world *w;
    pthread_t thread;
    struct err *e;
};

static void *call_in_thread(void *arg)
{
    struct caller *c = arg;
    struct ctx ctx = patient();
    c->e = call(c->w, true, &ctx, NULL);
    return NULL;
}

static void call_from_many(struct world *w, struct caller *callers, size_t n)
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
    struct world *w = *state;
    struct caller callers[8] = {0};
    call_from_many(w, callers, 8);
    for (size_t i = 0; i < 8; i++)
        assert_ok(callers[i].e);
    assert_int_equal(atomic_load(&w->n_dials), 1);
    assert_int_equal(atomic_load(&w->script.n_calls), 8);
}

static void test_calls_when_the_dial_fails_all_say_why(void **state)
{
    struct world *w = *state;
    struct caller callers[8] = {0};
    w->address.port = 1;
    call_from_many(w, callers, 8);
    for (size_t i = 0; i < 8; i++)
        assert_fails(callers[i].e, ERR_UNAVAILABLE, "Connection refused");
}

static void test_calls_when_connections_keep_dying_all_succeed(void **state)
{
    struct world *w = *state;
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

/* --- who we are --- */

static void test_credentials_when_swapped_are_used_by_the_next_call(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    CLEANUP(credentials_freep)
    struct credentials *two = fixture_credentials(&(struct fixture){.user = "bot-two"});
    channel_set_credentials(w->channel, two);
    assert_ok(call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
    assert_string_equal(fake_cluster_peer(w->fc, 1), "bot-two");

    channel_set_credentials(w->channel, two);
    assert_ok(call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
}

/* Runs while a call is under way, in the server's thread. */
static void swap(void *arg)
{
    struct world *w = arg;
    channel_set_credentials(w->channel, NULL);
}

static void test_credentials_when_swapped_do_not_disturb_a_call_under_way(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    w->script.during = swap;
    w->script.during_arg = w;
    assert_ok(call(w, false, &ctx, NULL));
    w->script.during = NULL;
    assert_ok(call(w, false, &ctx, NULL));
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-one");
    assert_string_equal(fake_cluster_peer(w->fc, 1), "");
}

static void assert_version_sent(struct world *w, const char *expected)
{
    char version[sizeof(w->script.version)];
    pthread_mutex_lock(&w->script.lock);
    memcpy(version, w->script.version, sizeof(version));
    pthread_mutex_unlock(&w->script.lock);
    assert_string_equal(version, expected);
}

static void test_version_when_the_server_tells_it_is_sent_back(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.version = "17.1.2"});
    char version[VERSION_SIZE];
    channel_version(w->channel, version);
    assert_string_equal(version, "");
    assert_ok(call(w, true, &ctx, NULL));
    assert_version_sent(w, "");
    assert_ok(call(w, true, &ctx, NULL));
    assert_version_sent(w, "17.1.2");
    channel_version(w->channel, version);
    assert_string_equal(version, "17.1.2");
}

static void test_version_when_not_one_is_not_learnt(void **state)
{
    struct world *w = *state;
    char version[VERSION_SIZE];
    channel_learn_version(w->channel, "next\r\n");
    channel_version(w->channel, version);
    assert_string_equal(version, "");
}

/* --- sessions --- */

static RESULT call_in_session(struct world *w, struct channel_session *s, bool *ret_written)
{
    CLEANUP(buf_release) struct buf reply = BUF_INIT(4096);
    struct channel_call c = {.method = ECHO, .session = s};
    struct ctx ctx = patient();
    return channel_unary(w->channel, &c, &ctx, &reply, ret_written);
}

static void test_session_when_opened_shares_the_live_connection(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &s));
    assert_false(channel_session_is_reused(s));
    assert_ok(call_in_session(w, s, NULL));
    assert_ok(call(w, true, &ctx, NULL));
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
    struct world *w = *state;
    struct ctx ctx = patient();
    assert_ok(call(w, true, &ctx, NULL));
    CLEANUP(credentials_freep)
    struct credentials *two = fixture_credentials(&(struct fixture){.user = "bot-two"});
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    assert_ok(channel_session_open(w->channel, two, false, &ctx, &s));
    assert_ok(call_in_session(w, s, NULL));
    assert_ok(call(w, true, &ctx, NULL));
    assert_int_equal(fake_cluster_connections(w->fc), 2);
    assert_string_equal(fake_cluster_peer(w->fc, 1), "bot-two");
}

static void test_session_when_its_connection_died_unused_knows_nothing_was_written(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
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

/* --- servers that are none --- */

static void test_call_when_the_ca_is_another_is_untrusted(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    struct host_ca other;
    host_ca_init(&other, CLUSTER);
    X509_free(sk_X509_pop(w->roots));
    X509_up_ref(other.cert);
    sk_X509_push(w->roots, other.cert);
    bool written = true;
    assert_fails(call(w, false, &ctx, &written), ERR_UNTRUSTED, "TLS with '127.0.0.1:");
    assert_false(written);
    host_ca_release(&other);
}

static void test_call_when_the_name_is_anothers_is_untrusted(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.alt_names = "DNS:mail.example"});
    assert_fails(call(w, false, &ctx, NULL), ERR_UNTRUSTED, "TLS with");
}

static void test_call_when_the_servers_certificate_expired_says_so(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.not_after = FIXTURE_NOT_BEFORE + 60});
    assert_fails(call(w, false, &ctx, NULL), ERR_EXPIRED, "TLS with");
}

static void test_call_when_the_server_speaks_no_tls_is_a_protocol_error(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.kind = FAKE_GARBAGE});
    assert_fails(call(w, false, &ctx, NULL), ERR_PROTOCOL, "TLS with");
}

static void test_call_when_the_server_speaks_no_http2_fails(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_GARBAGE});
    assert_fails(call(w, false, &ctx, NULL), ERR_UNAVAILABLE, "Echo");
}

static void test_call_when_the_server_is_silent_times_out(void **state)
{
    struct world *w = *state;
    struct ctx ctx = patient();
    bool written = true;
    rebuild(w, (struct fake_cluster_config){.kind = FAKE_SILENT});
    struct ctx hasty = ctx_until(&ctx, dur_ms(50));
    assert_fails(call(w, false, &hasty, &written), ERR_TIMEOUT, "TLS with");
    assert_false(written);
    rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_SILENT});
    CLEANUP(channel_session_freep) struct channel_session *dialled = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &dialled));
    hasty = ctx_until(&ctx, dur_ms(100));
    assert_fails(call(w, false, &hasty, &written), ERR_TIMEOUT, "Echo");
    assert_true(written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_channel_when_made_does_not_dial),
        TEST(test_call_when_first_dials_and_later_ones_reuse),
        TEST(test_call_when_the_connection_died_dials_again),
        TEST(test_call_when_the_server_asked_us_to_go_is_repeated),
        TEST(test_call_when_the_connection_breaks_under_it_is_repeated_if_idempotent),
        TEST(test_call_when_it_breaks_twice_is_not_repeated_again),
        TEST(test_call_when_not_idempotent_and_written_is_never_repeated),
        TEST(test_call_when_the_dial_fails_was_not_written),
        TEST(test_call_when_the_server_refuses_says_so_and_was_written),
        TEST(test_call_when_the_servers_status_is_unknown_was_rejected),
        TEST(test_call_when_the_deadline_passes_times_out),
        TEST(test_call_when_cancelled_returns_at_once),
        TEST(test_call_when_the_channel_is_closed_is_refused),
        TEST(test_connection_when_it_dies_is_told_of),
        TEST(test_connection_when_it_dies_while_it_is_made_is_told_of),
        TEST(test_connection_when_we_end_it_is_no_loss),
        TEST(test_connection_when_replaced_is_no_loss_whenever_it_dies),
        TEST(test_calls_when_many_come_at_once_share_one_dial),
        TEST(test_calls_when_the_dial_fails_all_say_why),
        TEST(test_calls_when_connections_keep_dying_all_succeed),
        TEST(test_credentials_when_swapped_are_used_by_the_next_call),
        TEST(test_credentials_when_swapped_do_not_disturb_a_call_under_way),
        TEST(test_version_when_the_server_tells_it_is_sent_back),
        TEST(test_version_when_not_one_is_not_learnt),
        TEST(test_session_when_opened_shares_the_live_connection),
        TEST(test_session_when_for_other_credentials_has_a_connection_of_its_own),
        TEST(test_session_when_its_connection_died_unused_knows_nothing_was_written),
        TEST(test_call_when_the_ca_is_another_is_untrusted),
        TEST(test_call_when_the_name_is_anothers_is_untrusted),
        TEST(test_call_when_the_servers_certificate_expired_says_so),
        TEST(test_call_when_the_server_speaks_no_tls_is_a_protocol_error),
        TEST(test_call_when_the_server_speaks_no_http2_fails),
        TEST(test_call_when_the_server_is_silent_times_out),
    };
    assert_ok(transport_init(NULL));
    int failed = cmocka_run_group_tests_name("transport/channel", tests, NULL, NULL);
    transport_shutdown();
    return failed;
}
