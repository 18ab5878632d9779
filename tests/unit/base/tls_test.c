/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls.h"

#include "tests/support/assert_err.h"
#include "tests/unit/base/tls_world.h"

static const char *const h2[] = {"h2", NULL};

static void test_connect_negotiates_and_shows_both_certificates(void **state)
{
    struct tls_world *w = *state;
    static const char *const server_alpn[] = {"http/1.1", "h2", NULL};
    static const char *const client_alpn[] = {"unknown", "h2", NULL};
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id, .alpn = server_alpn};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;

    config.alpn = client_alpn;
    config.require_alpn = "h2";
    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
    assert_string_equal(tls_alpn(t), "h2");
    assert_int_equal(X509_cmp(tls_peer_cert(t), w->server_id.cert), 0);
    tls_free(t);
    far_end_join(&far);
    assert_string_equal(server.client, "bot-test");
    assert_string_equal(server.alpn_seen, "h2");
}

static void read_exactly(const struct tls_world *w, struct tls *t, char *out, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        assert_ok(tls_read(t, out, len, &w->ctx, &n));
        assert_int_not_equal(n, 0);
        out += n;
        len -= n;
    }
}

static void test_data_comes_back_whole_and_the_end_is_orderly(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;
    char sent[50000], back[50000];
    size_t n = 1;

    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 7 + i / 251);
    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
    for (int round = 0; round < 8; round++) {
        assert_ok(tls_write_all(t, sent, sizeof(sent), &w->ctx));
        read_exactly(w, t, back, sizeof(back));
        assert_memory_equal(sent, back, sizeof(sent));
    }
    tls_shutdown(t);
    assert_ok(tls_read(t, back, 1, &w->ctx, &n));
    assert_int_equal(n, 0);
    tls_free(t);
    far_end_join(&far);
}

static void test_read_without_data_wants_to_read(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;
    struct err *e = NULL;
    char byte;
    size_t n;

    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
    assert_int_equal(tls_try_read(t, &byte, 1, &n, &e), TLS_WANT_READ);
    assert_int_equal(tls_try_write(t, "x", 1, &n, &e), TLS_DONE);
    assert_int_equal(n, 1);
    read_exactly(w, t, &byte, 1);
    assert_int_equal(byte, 'x');
    tls_free(t);
    far_end_join(&far);
}

static void test_connection_cut_is_unavailable(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id, .abrupt = true};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;
    char byte;
    size_t n = 0;

    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
    assert_fails(tls_read(t, &byte, 1, &w->ctx, &n), ERR_UNAVAILABLE, "closed");
    tls_free(t);
    far_end_join(&far);
}

static void test_no_common_protocol_is_a_protocol_error(void **state)
{
    struct tls_world *w = *state;
    static const char *const grpc[] = {"teleport-auth@61", NULL};
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id, .alpn = h2};
    struct echo_server without = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);

    config.alpn = grpc;
    config.require_alpn = grpc[0];
    tls_world_assert_refused(w, &config, &server, ERR_PROTOCOL, "no application protocol");
    tls_world_assert_refused(w, &config, &without, ERR_PROTOCOL, "chose no protocol (ALPN)");
    config.alpn = h2;
    tls_world_assert_refused(w, &config, &server, ERR_PROTOCOL, "chose protocol 'h2'");
}

static void test_alpn_name_must_fit_its_length_byte(void **state)
{
    struct tls_world *w = *state;
    char longest[257];
    const char *const names[] = {longest, NULL};
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id, .alpn = names};
    struct tls_client_config config = tls_world_client(w);

    memset(longest, 'a', 256);
    longest[256] = '\0';
    config.alpn = names;
    tls_world_assert_refused(w, &config, &server, ERR_PROTOCOL, "256 bytes");
    longest[255] = '\0';
    config.require_alpn = longest;
    tls_world_assert_accepted(
        w, &(struct tls_client_config){.verify = TLS_VERIFY_NONE, .alpn = names});
}

static void say_http(int fd, void *arg)
{
    static const char reply[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    char hello[4096];

    (void)arg;
    if (read(fd, hello, sizeof(hello)) > 0)
        (void)!write(fd, reply, sizeof(reply) - 1);
    close(fd);
}

static void hang_up(int fd, void *arg)
{
    (void)arg;
    close(fd);
}

static void test_other_protocols_and_nobody(void **state)
{
    struct tls_world *w = *state;
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;

    assert_fails(tls_connect(far_end_start(&far, say_http, NULL), &config, &w->ctx, &t),
                 ERR_PROTOCOL, "does not speak TLS");
    far_end_join(&far);
    assert_fails(tls_connect(far_end_start(&far, hang_up, NULL), &config, &w->ctx, &t),
                 ERR_UNAVAILABLE, "TLS handshake");
    far_end_join(&far);
}

/* Says nothing until the other side goes away. */
static void keep_silent(int fd, void *arg)
{
    char data[4096];

    (void)arg;
    while (read(fd, data, sizeof(data)) > 0)
        ;
    close(fd);
}

static void test_silence_ends_at_the_deadline(void **state)
{
    struct tls_world *w = *state;
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;
    struct ctx soon = ctx_until(&w->ctx, dur_s(10));

    w->now.tick = dur_s(11); /* the first look at the clock is in time, the next is not */
    assert_fails(tls_connect(far_end_start(&far, keep_silent, NULL), &config, &soon, &t),
                 ERR_TIMEOUT, "timed out");
    far_end_join(&far);
}

static void cancel_then_keep_silent(int fd, void *arg)
{
    char byte;

    (void)!read(fd, &byte, 1); /* the handshake is under way */
    cancel_fire(arg);
    keep_silent(fd, NULL);
}

static void test_silence_ends_when_cancelled(void **state)
{
    struct tls_world *w = *state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;

    assert_ok(cancel_new(&cancel));
    w->ctx.cancel = cancel;
    int fd = far_end_start(&far, cancel_then_keep_silent, cancel);
    assert_fails(tls_connect(fd, &config, &w->ctx, &t), ERR_CANCELLED, "cancelled");
    far_end_join(&far);
}

static void test_tls_in_tls_carries_data(void **state)
{
    struct tls_world *w = *state;
    struct identity proxy = tls_world_issue("proxy", "DNS:proxy.example", &w->other_ca);
    struct strict_server server = {.identity = &proxy, .inner = &w->server_id};
    struct tls_client_config outer = {.verify = TLS_VERIFY_NONE}, inner = tls_world_client(w);
    struct far_end far;
    struct tls *pipe = NULL, *t = NULL;
    static char sent[100000], back[100000];

    memset(sent, 'z', sizeof(sent));
    int fd = far_end_start(&far, strict_server_run, &server);
    assert_ok(tls_connect(fd, &outer, &w->ctx, &pipe));
    assert_ok(tls_connect_over(pipe, &inner, &w->ctx, &t));
    assert_int_equal(tls_fd(t), fd);
    assert_int_equal(X509_cmp(tls_peer_cert(t), w->server_id.cert), 0);
    for (size_t at = 0; at < sizeof(sent); at += 10000) {
        assert_ok(tls_write_all(t, sent + at, 10000, &w->ctx));
        read_exactly(w, t, back + at, 10000);
    }
    assert_memory_equal(sent, back, sizeof(sent));
    tls_free(t);
    far_end_join(&far);
    identity_release(&proxy);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, tls_world_reset)
    const struct CMUnitTest tests[] = {
        TEST(test_connect_negotiates_and_shows_both_certificates),
        TEST(test_data_comes_back_whole_and_the_end_is_orderly),
        TEST(test_read_without_data_wants_to_read),
        TEST(test_connection_cut_is_unavailable),
        TEST(test_no_common_protocol_is_a_protocol_error),
        TEST(test_alpn_name_must_fit_its_length_byte),
        TEST(test_other_protocols_and_nobody),
        TEST(test_silence_ends_at_the_deadline),
        TEST(test_silence_ends_when_cancelled),
        TEST(test_tls_in_tls_carries_data),
    };
    return cmocka_run_group_tests_name("base/tls", tests, tls_world_set_up, tls_world_tear_down);
}
