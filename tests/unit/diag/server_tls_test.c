/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/places.h"
#include "tests/support/pki_fixture.h"
#include "tls_world.h"

#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static struct credentials *own;

static int make_identity(void **state)
{
    (void)state;
    own = fixture_credentials(&(struct fixture){0});
    return 0;
}

static int release_identity(void **state)
{
    (void)state;
    credentials_free(own);
    return 0;
}

static int set_up(void **state)
{
    world_setup(state);
    struct server_world *w = *state;
    world_listen(w, "https://0.0.0.0:0");
    diag_server_use(w->server, own);
    return 0;
}

/* Whatever happened, the next one is served. */
static int tear_down(void **state)
{
    struct server_world *w = *state;
    tls_world_narrow(false);
    assert_non_null(strstr(world_get(w, 1, "/livez"), "OK"));
    assert_true(begins(tls_client_ask(w, NULL, GET_AND_CLOSE("/livez")), "HTTP/1.1 200 "));
    return world_teardown(state);
}

static void test_requests_are_answered_over_tls(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET("/livez") GET("/readyz") GET("/livez"));
    assert_false(tls_client_read(w, &c, reply));
    assert_int_equal(count_of(reply, "HTTP/1.1 200 "), 2);
    assert_int_equal(count_of(reply, "HTTP/1.1 400 "), 1);
    tls_client_send(w, &c, GET("/livez"));
    assert_false(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    tls_client_close(&c);
    assert_int_equal(tls_world_count(w, "ok"), 1);
}

static void test_end_is_orderly_so_that_nothing_can_be_cut_off(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET_AND_CLOSE("/livez"));
    assert_true(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_true(c.is_orderly);
    tls_client_close(&c);
}

static void test_stranger_on_the_network_gets_no_details(void **state)
{
    struct server_world *w = *state;
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(w->identity, "renew", e, loop_now(w->loop));
    err_free(e);
    const char *reply = tls_client_ask(w, NULL, GET_AND_CLOSE("/readyz"));
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_null(strstr(reply, "nobody answers"));
    w->tls = NULL;
    world_listen(w, "https://127.0.0.1:0");
    diag_server_use(w->server, own);
    reply = tls_client_ask(w, NULL, GET_AND_CLOSE("/readyz"));
    assert_non_null(strstr(reply, "nobody answers")); /* whatever Host says: a name is certified */
}

static void test_client_that_ends_its_half_gets_its_answer(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    (void)!SSL_write(c.ssl, GET("/livez"), (int)strlen(GET("/livez")));
    SSL_shutdown(c.ssl); /* before anybody has read the request */
    assert_true(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    tls_client_close(&c);
}

/* --- what is no TLS --- */

static void test_plain_http_is_told_so_and_nothing_else(void **state)
{
    struct server_world *w = *state;
    const char *reply = world_get(w, 0, "/livez");
    assert_true(begins(reply, "HTTP/1.0 400 "));
    assert_non_null(strstr(reply, "HTTPS only"));
    assert_null(strstr(reply, "OK"));
    assert_int_equal(tls_world_count(w, "not_tls"), 1);
    assert_int_equal(tls_world_count(w, "ok"), 0);
}

static void test_what_pours_in_and_is_no_tls_does_not_keep_the_loop(void **state)
{
    struct server_world *w = *state;
    int fd = world_connect(w, 0);
    world_send(fd, "x");
    tls_world_pour(true);
    world_settle(w);
    tls_world_pour(false);
    assert_int_equal(tls_world_count(w, "not_tls"), 1);
    close(fd);
}

static void test_without_a_certificate_nothing_is_served(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    world_listen(w, "https://0.0.0.0:0");
    struct tls_client c = tls_client_open(w);
    assert_false(tls_client_shake(w, &c, NULL));
    tls_client_close(&c);
    assert_int_equal(tls_world_count(w, "no_certificate"), 1);
    int fd = world_connect(w, 0);
    world_send(fd, GET("/livez"));
    assert_true(world_read(w, fd, reply));
    assert_true(begins(reply, "HTTP/1.0 400 "));
    close(fd);
    diag_server_use(w->server, own);
}

/* Random records, from a generator that every run repeats. */
static void test_garbage_does_no_harm(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    uint32_t random = 1;
    for (int i = 0; i < 2000; i++) {
        char bytes[96] = "\x16\x03\x01";
        for (size_t at = (size_t)(i % 12); at < sizeof(bytes); at++) {
            random = random * 1664525U + 1013904223U;
            bytes[at] = (char)(random >> 24);
        }
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, &w->addresses[0].at.any, w->addresses[0].len), 0);
        (void)!send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
        world_settle(w);
        close(fd);
    }
    world_settle(w);
    int fd = world_connect(w, 0);
    (void)!send(fd, "\x16\x03\x01\x00\x05garbage", 12, MSG_NOSIGNAL);
    assert_true(world_read(w, fd, reply));
    close(fd);
    assert_int_not_equal(tls_world_count(w, "failed"), 0);
    assert_int_equal(tls_world_count(w, "ok"), 0);
}

static void test_clients_that_leave_at_any_moment_leave_nothing_behind(void **state)
{
    struct server_world *w = *state;
    world_settle(w);
    size_t before = tls_world_descriptors();
    for (int i = 0; i < 40; i++) {
        struct tls_client c = tls_client_open(w);
        if (i % 5 > 0)
            tls_client_begin(w, &c, i % 5 == 1 ? 1 : 60);
        if (i % 5 > 2)
            assert_true(tls_client_shake(w, &c, NULL));
        if (i % 5 > 3)
            tls_client_send(w, &c, GET("/metrics"));
        if (i % 2) { /* with a reset */
            const struct linger none = {.l_onoff = 1};
            setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        }
        tls_client_close(&c);
        world_settle(w);
    }
    world_settle(w);
    assert_int_equal(tls_world_descriptors(), before);
    assert_int_not_equal(tls_world_count(w, "lost"), 0);
}

/* --- time and places --- */

static void test_slow_handshake_is_ended_after_ten_seconds(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    for (size_t n = 0; n <= 60; n += 60) { /* without a word, and in the middle of one */
        struct tls_client c = tls_client_open(w);
        if (n > 0)
            tls_client_begin(w, &c, n);
        fake_clock_advance(&w->time, dur_ms(9999));
        assert_false(world_read(w, c.fd, reply));
        fake_clock_advance(&w->time, dur_ms(1));
        assert_true(world_read(w, c.fd, reply));
        tls_client_close(&c);
    }
    assert_int_equal(tls_world_count(w, "timeout"), 2);
}

/* The handshake gives no new time for the request. */
static void test_request_after_a_slow_handshake_has_what_is_left(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    fake_clock_advance(&w->time, dur_s(9));
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, "GET /livez HTTP/1.1\r\n");
    fake_clock_advance(&w->time, dur_s(1));
    assert_true(tls_client_read(w, &c, reply));
    assert_string_equal(reply, "");
    tls_client_close(&c);
}

static void test_idle_connection_is_ended_after_thirty_seconds(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET("/livez"));
    assert_false(tls_client_read(w, &c, reply));
    fake_clock_advance(&w->time, dur_s(29));
    assert_false(tls_client_read(w, &c, reply));
    fake_clock_advance(&w->time, dur_s(1));
    assert_true(tls_client_read(w, &c, reply));
    tls_client_close(&c);
}

static void test_slow_handshakes_starve_no_probe(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    static struct tls_client slow[100];
    for (size_t i = 0; i < 100; i++) {
        slow[i] = tls_client_open(w);
        tls_client_begin(w, &slow[i], i % 2 ? 60 : 1);
        fake_clock_advance(&w->time, dur_ms(1));
        world_settle(w);
    }
    assert_true(world_read(w, slow[43].fd, reply));
    assert_false(world_read(w, slow[44].fd, reply));
    assert_true(begins(tls_client_ask(w, NULL, GET_AND_CLOSE("/livez")), "HTTP/1.1 200 "));
    assert_true(begins(world_get(w, 1, "/livez"), "HTTP/1.1 200 "));
    assert_true(world_read(w, slow[44].fd, reply));
    assert_int_equal(tls_world_count(w, "evicted"), 45);
    for (size_t i = 0; i < 100; i++)
        tls_client_close(&slow[i]);
}

/* Those that are through, and say nothing more, give way as well. */
static void test_silent_connections_starve_no_probe(void **state)
{
    struct server_world *w = *state;
    static struct tls_client silent[70];
    for (size_t i = 0; i < 70; i++) {
        silent[i] = tls_client_open(w);
        assert_true(tls_client_shake(w, &silent[i], NULL));
        fake_clock_advance(&w->time, dur_ms(1));
    }
    assert_true(begins(tls_client_ask(w, NULL, GET_AND_CLOSE("/livez")), "HTTP/1.1 200 "));
    for (size_t i = 0; i < 70; i++)
        tls_client_close(&silent[i]);
}

/* --- much to read --- */

/* By 4 kB each. With 900 it is more than all buffers on the way hold. */
static void make_metrics_large(struct server_world *w, int n)
{
    static const struct metric_family f = {"x_total", METRIC_COUNTER, "X.", .labels = {"l"}};
    char value[4096];
    for (int i = 0; i < n; i++) {
        snprintf(value, sizeof(value), "%04000d", i);
        metrics_add(w->metrics, &f, (const char *[]){value}, 1);
    }
}

static void test_client_that_stops_reading_is_dropped_and_holds_nobody_up(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    make_metrics_large(w, 900);
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    for (int i = 0; i < 8; i++)
        tls_client_send(w, &c, GET("/metrics"));
    assert_true(begins(tls_client_ask(w, NULL, GET_AND_CLOSE("/livez")), "HTTP/1.1 200 "));
    fake_clock_advance(&w->time, dur_s(30));
    world_settle(w);
    assert_true(tls_client_read(w, &c, reply));
    assert_false(c.is_orderly);
    tls_client_close(&c);
}

/*
 * It asked for the end of the connection: the HTTP server has done with it, and the end of the answer
 * is still on its way. The connection keeps its place for that, but not for ever.
 */
static void test_last_answer_that_nobody_reads_is_dropped_after_thirty_seconds(void **state)
{
    struct server_world *w = *state;
    const int little = 4096;
    make_metrics_large(w, 30);
    tls_world_narrow(true);
    struct tls_client c = tls_client_open(w);
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
    assert_true(tls_client_shake(w, &c, NULL));
    world_settle(w);
    size_t open_idle = tls_world_descriptors();
    tls_client_send(w, &c, GET_AND_CLOSE("/metrics"));
    world_settle(w);
    assert_int_equal(tls_world_descriptors(), open_idle - 1); /* the HTTP server's is closed */
    unsigned steps = tls_world_steps();
    world_settle(w);
    assert_int_equal(tls_world_steps(), steps); /* which wakes nobody */
    fake_clock_advance(&w->time, dur_ms(29999));
    world_settle(w);
    assert_int_equal(tls_world_descriptors(), open_idle - 1);
    fake_clock_advance(&w->time, dur_ms(1));
    world_settle(w);
    assert_int_equal(tls_world_descriptors(), open_idle - 3);
    tls_client_close(&c);
}

/* The same, of one that reads after all. */
static void test_last_answer_is_delivered_after_the_http_server_has_done(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    make_metrics_large(w, 30);
    tls_world_narrow(true);
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET_AND_CLOSE("/metrics"));
    fake_clock_advance(&w->time, dur_s(29));
    bool is_over = false;
    for (int i = 0; i < 100 && !is_over; i++) /* acknowledgements take their time */
        is_over = tls_client_read(w, &c, reply);
    assert_true(is_over);
    assert_true(c.is_orderly);
    tls_client_close(&c);
}

static void test_client_that_reads_slowly_gets_everything(void **state)
{
    struct server_world *w = *state;
    size_t got = 0;
    size_t length = 0;
    static char part[1000];
    make_metrics_large(w, 900);
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET_AND_CLOSE("/metrics"));
    for (int quiet = 0; quiet < 100;) {
        assert_ok(loop_turn(w->loop));
        ERR_clear_error();
        int n = SSL_read(c.ssl, part, sizeof(part) - 1);
        if (n <= 0 && SSL_get_error(c.ssl, n) == SSL_ERROR_ZERO_RETURN)
            break;
        if (n <= 0) {
            quiet++;
            poll(&(struct pollfd){.fd = c.fd, .events = POLLIN}, 1, 1);
            continue;
        }
        part[n] = '\0';
        if (got == 0)
            length = strtoul(strstr(part, "Content-Length: ") + 16, NULL, 10) +
                     (size_t)(strstr(part, "\r\n\r\n") + 4 - part);
        got += (size_t)n;
        quiet = 0;
    }
    assert_true(length > 3000000);
    assert_int_equal(got, length);
    tls_client_close(&c);
}

/* --- held requests --- */

static struct tls_client wait_for_ready(struct server_world *w)
{
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    tls_client_send(w, &c, GET("/wait?for=ready"));
    assert_false(tls_client_read(w, &c, reply));
    assert_string_equal(reply, "");
    return c;
}

static void test_held_request_is_answered_when_it_is_time(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = wait_for_ready(w);
    for (int i = 0; i < 5; i++) { /* longer than any limit on reading */
        fake_clock_advance(&w->time, dur_s(20));
        world_settle(w);
    }
    health_succeeded(w->identity, "renew", loop_now(w->loop));
    diag_server_changed(w->server);
    assert_false(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    tls_client_send(w, &c, GET("/livez"));
    assert_false(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    tls_client_close(&c);
}

static void test_client_that_leaves_while_it_is_held_frees_its_place(void **state)
{
    struct server_world *w = *state;
    size_t before = tls_world_descriptors();
    for (int i = 0; i < PLACES_HELD_MAX + 4; i++) {
        struct tls_client c = wait_for_ready(w);
        tls_client_close(&c);
        world_settle(w);
    }
    assert_int_equal(tls_world_descriptors(), before);
}

/* --- the end --- */

static void test_stop_ends_connections_in_every_state(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client silent = tls_client_open(w);
    struct tls_client shaking = tls_client_open(w);
    struct tls_client idle = tls_client_open(w);
    tls_client_begin(w, &shaking, 60);
    assert_true(tls_client_shake(w, &idle, NULL));
    world_settle(w);
    diag_server_stop(w->server);
    assert_true(world_read(w, silent.fd, reply));
    assert_true(world_read(w, shaking.fd, reply));
    assert_true(tls_client_read(w, &idle, reply));
    assert_true(idle.is_orderly);
    tls_client_close(&silent);
    tls_client_close(&shaking);
    tls_client_close(&idle);
    world_listen(w, "https://0.0.0.0:0");
    diag_server_use(w->server, own);
}

static void test_stop_tells_who_waits(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = wait_for_ready(w);
    health_stop(w->health, loop_now(w->loop));
    diag_server_stop(w->server);
    assert_true(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_true(c.is_orderly);
    tls_client_close(&c);
    world_listen(w, "https://0.0.0.0:0");
    diag_server_use(w->server, own);
}

static void test_stop_sends_what_was_answered(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, NULL));
    (void)!SSL_write(c.ssl, GET("/livez"), (int)strlen(GET("/livez")));
    assert_ok(loop_turn(w->loop)); /* decrypted; not yet read by the HTTP server */
    diag_server_stop(w->server);
    assert_true(tls_client_read(w, &c, reply));
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_true(c.is_orderly);
    tls_client_close(&c);
    world_listen(w, "https://0.0.0.0:0");
    diag_server_use(w->server, own);
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_requests_are_answered_over_tls),
        WORLD_TEST(test_end_is_orderly_so_that_nothing_can_be_cut_off),
        WORLD_TEST(test_stranger_on_the_network_gets_no_details),
        WORLD_TEST(test_client_that_ends_its_half_gets_its_answer),
        WORLD_TEST(test_plain_http_is_told_so_and_nothing_else),
        WORLD_TEST(test_what_pours_in_and_is_no_tls_does_not_keep_the_loop),
        WORLD_TEST(test_without_a_certificate_nothing_is_served),
        WORLD_TEST(test_garbage_does_no_harm),
        WORLD_TEST(test_clients_that_leave_at_any_moment_leave_nothing_behind),
        WORLD_TEST(test_slow_handshake_is_ended_after_ten_seconds),
        WORLD_TEST(test_request_after_a_slow_handshake_has_what_is_left),
        WORLD_TEST(test_idle_connection_is_ended_after_thirty_seconds),
        WORLD_TEST(test_slow_handshakes_starve_no_probe),
        WORLD_TEST(test_silent_connections_starve_no_probe),
        WORLD_TEST(test_client_that_stops_reading_is_dropped_and_holds_nobody_up),
        WORLD_TEST(test_last_answer_that_nobody_reads_is_dropped_after_thirty_seconds),
        WORLD_TEST(test_last_answer_is_delivered_after_the_http_server_has_done),
        WORLD_TEST(test_client_that_reads_slowly_gets_everything),
        WORLD_TEST(test_held_request_is_answered_when_it_is_time),
        WORLD_TEST(test_client_that_leaves_while_it_is_held_frees_its_place),
        WORLD_TEST(test_stop_ends_connections_in_every_state),
        WORLD_TEST(test_stop_tells_who_waits),
        WORLD_TEST(test_stop_sends_what_was_answered),
    };
    return cmocka_run_group_tests(tests, make_identity, release_identity);
}
