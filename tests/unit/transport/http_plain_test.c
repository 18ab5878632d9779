/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http_plain.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

/* Ours is fds[0]; the peer's, which blocks, fds[1]. */
struct pair {
    int fds[2];
    struct http_stream stream;
    struct fake_clock time;
    struct ctx ctx;
};

static int make_pair(void **state)
{
    static struct pair p;
    p = (struct pair){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p.fds), 0);
    assert_int_equal(fcntl(p.fds[0], F_SETFL, O_NONBLOCK), 0);
    fake_clock_init(&p.time, "2026-01-02T03:04:05Z");
    p.ctx = (struct ctx){.clock = &p.time.clock, .deadline = MONO_NEVER};
    p.stream = http_plain_stream(&p.fds[0]);
    *state = &p;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;
    closep(&p->fds[0]);
    closep(&p->fds[1]);
    return 0;
}

static void hang_up(struct pair *p)
{
    close(TAKE_FD(p->fds[1]));
}

static void test_exchange_over_a_socket(void **state)
{
    static const char wire[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const struct http_request get = {.method = "GET", .path = "/livez", .host = "localhost"};
    struct pair *p = *state;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    char asked[512];

    assert_int_equal(send(p->fds[1], wire, sizeof(wire) - 1, 0), sizeof(wire) - 1);
    assert_ok(http_exchange(&p->stream, &get, 16, &p->ctx, &reply));
    assert_int_equal(reply.status, 200);
    assert_string_equal(buf_str(&reply.body), "hi");
    ssize_t n = recv(p->fds[1], asked, sizeof(asked) - 1, 0);
    assert_true(n > 0);
    asked[n] = '\0';
    assert_int_equal(strncmp(asked, "GET /livez HTTP/1.1\r\n", 21), 0);
}

static void test_orderly_end_reads_nothing(void **state)
{
    struct pair *p = *state;
    char block[8];
    size_t n = 99;
    hang_up(p);
    assert_ok(p->stream.read(p->stream.arg, block, sizeof(block), &p->ctx, &n));
    assert_int_equal(n, 0);
}

static void test_silent_peer_is_a_timeout(void **state)
{
    struct pair *p = *state;
    char block[8];
    size_t n = 0;
    p->time.tick = dur_ms(1);
    p->ctx = ctx_until(&p->ctx, dur_ms(20));
    assert_fails(p->stream.read(p->stream.arg, block, sizeof(block), &p->ctx, &n), ERR_TIMEOUT,
                 "timed out");
}

/* Far more than the socket holds: it must wait for room, and give up waiting. */
static void test_peer_that_does_not_read_is_a_timeout(void **state)
{
    static char data[4 * 1024 * 1024];
    struct pair *p = *state;
    p->time.tick = dur_ms(1);
    p->ctx = ctx_until(&p->ctx, dur_ms(50));
    assert_fails(p->stream.write(p->stream.arg, data, sizeof(data), &p->ctx), ERR_TIMEOUT,
                 "timed out");
}

static void test_cancelling_ends_the_wait(void **state)
{
    struct pair *p = *state;
    char block[8];
    size_t n = 0;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    assert_ok(cancel_new(&cancel));
    p->ctx.cancel = cancel;
    cancel_fire(cancel);
    assert_fails(p->stream.read(p->stream.arg, block, sizeof(block), &p->ctx, &n), ERR_CANCELLED,
                 "cancelled");
}

static void test_writing_to_a_peer_that_left_is_an_error_and_no_signal(void **state)
{
    struct pair *p = *state;
    signal(SIGPIPE, SIG_DFL);
    hang_up(p);
    assert_fails(p->stream.write(p->stream.arg, "x", 1, &p->ctx), ERR_UNAVAILABLE,
                 "send: Broken pipe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exchange_over_a_socket, make_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_orderly_end_reads_nothing, make_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_silent_peer_is_a_timeout, make_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_peer_that_does_not_read_is_a_timeout, make_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(test_cancelling_ends_the_wait, make_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_writing_to_a_peer_that_left_is_an_error_and_no_signal,
                                        make_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
