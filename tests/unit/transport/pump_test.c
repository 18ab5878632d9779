/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/pump.h"

#include "identity/pki/ossl.h"
#include "tests/support/assert_err.h"
#include "tests/support/host_ca.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#define BIG ((size_t)1 << 20)

/* Two TLS ends over a socket pair: ours is pumped, the other one is the test's. */
struct world {
    struct host_ca ca;
    struct tls_server *server;
    int fds[2];
    struct tls *peer;
    struct tls *ours;
    struct pump *pump;
    int plain;
    struct ctx ctx;
};

static void *accept_peer(void *arg)
{
    struct world *w = arg;
    return tls_accept(w->fds[1], w->server, &w->ctx, &w->peer);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    w->ctx = ctx_until(&ctx, dur_s(30));
    host_ca_init(&w->ca, "example");
    CLEANUP(x509_freep) X509 *cert = host_ca_issue(&w->ca, w->ca.key, "DNS:peer", 0);
    struct tls_server_config server = {.cert = cert, .key = key_evp(w->ca.key)};
    assert_ok(tls_server_new(&server, &w->server));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->fds), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, accept_peer, w), 0);
    struct tls_client_config client = {.verify = TLS_VERIFY_NONE};
    assert_ok(tls_connect(w->fds[0], &client, &w->ctx, &w->ours));
    void *e = NULL;
    pthread_join(thread, &e);
    assert_ok((struct err *)e);
    assert_ok(pump_new(TAKE(w->ours), (struct pump_listener){0}, &w->pump, &w->plain));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    pump_free(w->pump);
    if (w->plain >= 0)
        close(w->plain);
    tls_free(w->peer);
    tls_server_free(w->server);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

static void wait_for_end(struct world *w)
{
    assert_ok(ctx_wait_fd(&w->ctx, pump_end_fd(w->pump), POLLIN));
    assert_true(pump_has_ended(w->pump));
}

static void write_plain(struct world *w, const uint8_t *data, size_t len)
{
    while (len > 0) {
        assert_ok(ctx_wait_fd(&w->ctx, w->plain, POLLOUT));
        ssize_t n = write(w->plain, data, len);
        assert_true(n > 0);
        data += n;
        len -= (size_t)n;
    }
}

static void test_pump_when_both_sides_talk_carries_both_ways(void **state)
{
    struct world *w = *state;
    char got[16] = "";
    size_t n = 0;
    write_plain(w, (const uint8_t *)"ping", 4);
    assert_ok(tls_read(w->peer, got, sizeof(got), &w->ctx, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(got, "ping", 4);
    assert_ok(tls_write_all(w->peer, "pong!", 5, &w->ctx));
    assert_ok(ctx_wait_fd(&w->ctx, w->plain, POLLIN));
    assert_int_equal(read(w->plain, got, sizeof(got)), 5);
    assert_memory_equal(got, "pong!", 5);
    assert_int_equal(pump_sent(w->pump), 4);
    assert_false(pump_has_ended(w->pump));
}

struct writer {
    struct world *w;
    uint8_t *data;
};

static void *write_big(void *arg)
{
    struct writer *wr = arg;
    write_plain(wr->w, wr->data, BIG);
    return NULL;
}

static void test_pump_when_there_is_more_than_fits_waits_and_loses_nothing(void **state)
{
    struct world *w = *state;
    CLEANUP(freep) uint8_t *data = malloc(BIG);
    CLEANUP(freep) uint8_t *got = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        data[i] = (uint8_t)(i * 31 >> 3);
    struct writer wr = {w, data};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_big, &wr), 0);
    for (size_t len = 0, n = 0; len < BIG; len += n)
        assert_ok(tls_read(w->peer, got + len, BIG - len, &w->ctx, &n));
    pthread_join(thread, NULL);
    assert_memory_equal(got, data, BIG);
    pump_abort(w->pump); /* what it has sent is final once it has ended */
    wait_for_end(w);
    assert_int_equal(pump_sent(w->pump), BIG);
}

static void test_pump_when_the_peer_ends_says_so(void **state)
{
    struct world *w = *state;
    tls_free(TAKE(w->peer));
    wait_for_end(w);
    assert_int_equal(pump_code(w->pump), ERR_UNAVAILABLE);
    assert_string_equal(pump_reason(w->pump), "the server closed the connection");
    char c;
    assert_int_equal(read(w->plain, &c, 1), 0);
}

static void test_pump_when_the_connection_is_cut_says_so(void **state)
{
    struct world *w = *state;
    assert_int_equal(shutdown(w->fds[1], SHUT_RDWR), 0);
    wait_for_end(w);
    assert_int_equal(pump_code(w->pump), ERR_UNAVAILABLE);
}

static void test_pump_when_the_data_is_damaged_is_a_protocol_error(void **state)
{
    struct world *w = *state;
    static const char junk[] = "this is no TLS record at all, and was not encrypted";
    assert_int_equal(write(w->fds[1], junk, sizeof(junk)), sizeof(junk));
    wait_for_end(w);
    assert_int_equal(pump_code(w->pump), ERR_PROTOCOL);
}

static void test_pump_when_our_side_closes_ends_the_stream_in_order(void **state)
{
    struct world *w = *state;
    char c;
    size_t n = 1;
    close(w->plain);
    w->plain = -1;
    wait_for_end(w);
    assert_ok(tls_read(w->peer, &c, 1, &w->ctx, &n));
    assert_int_equal(n, 0);
}

static void test_pump_when_aborted_ends(void **state)
{
    struct world *w = *state;
    pump_abort(w->pump);
    wait_for_end(w);
    assert_int_equal(pump_code(w->pump), ERR_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(test_pump_when_both_sides_talk_carries_both_ways),
        TEST(test_pump_when_there_is_more_than_fits_waits_and_loses_nothing),
        TEST(test_pump_when_the_peer_ends_says_so),
        TEST(test_pump_when_the_connection_is_cut_says_so),
        TEST(test_pump_when_the_data_is_damaged_is_a_protocol_error),
        TEST(test_pump_when_our_side_closes_ends_the_stream_in_order),
        TEST(test_pump_when_aborted_ends),
    };
    return cmocka_run_group_tests_name("transport/pump", tests, NULL, NULL);
}
