/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

#define GET_LIVEZ "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static void test_livez_is_ok_on_both_listeners(void **state)
{
    for (size_t n = 0; n < 2; n++) {
        const char *reply = world_get(*state, n, "/livez");
        assert_true(begins(reply, "HTTP/1.1 200 "));
        assert_non_null(strstr(reply, "\r\n\r\nOK"));
        assert_non_null(strstr(reply, "X-Content-Type-Options: nosniff\r\n"));
        assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
    }
}

static void test_livez_after_a_stall_says_so_to_who_asked_meanwhile(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, GET_LIVEZ);
    fake_clock_advance(&w->time, dur_s(9));
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    world_settle(w);
    fake_clock_advance(&w->time, dur_s(61));
    world_send(fd, GET_LIVEZ);
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 500 "));
    assert_non_null(strstr(reply, "no progress for 1m"));
    close(fd);
    world_settle(w);
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 500 "));
    fake_clock_advance(&w->time, dur_s(1));
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
}

static void test_livez_stays_ok_while_the_loop_turns(void **state)
{
    struct server_world *w = *state;
    for (int i = 0; i < 20; i++) {
        fake_clock_advance(&w->time, dur_s(15));
        world_settle(w);
    }
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
}

static void test_readyz_follows_the_state(void **state)
{
    struct server_world *w = *state;
    assert_true(begins(world_get(w, 0, "/readyz"), "HTTP/1.1 400 "));
    health_succeeded(w->identity, "renew", loop_now(w->loop));
    assert_true(begins(world_get(w, 0, "/readyz"), "HTTP/1.1 200 "));
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(w->identity, "renew", e, loop_now(w->loop));
    err_free(e);
    const char *reply = world_get(w, 0, "/readyz");
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_non_null(strstr(reply, "identity is degraded: nobody answers"));
}

static void test_head_has_the_length_and_no_body(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, "HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(reply, "Content-Length: 2\r\n"));
    assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
    close(fd);
}

static void test_post_is_refused_with_allow(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 405 "));
    assert_non_null(strstr(reply, "Allow: GET, HEAD\r\n"));
    close(fd);
}

static void test_foreign_host_is_misdirected_on_loopback_only(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    int fd = world_connect(w, 0);
    world_send(fd, request);
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 421 "));
    close(fd);
    fd = world_connect(w, 1);
    world_send(fd, request);
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    close(fd);
}

static void test_network_gets_no_details(void **state)
{
    struct server_world *w = *state;
    world_listen(w, "0.0.0.0:0");
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(w->identity, "renew", e, loop_now(w->loop));
    err_free(e);
    const char *reply = world_get(w, 0, "/readyz");
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_null(strstr(reply, "nobody answers"));
    assert_null(strstr(reply, "identity"));
    assert_null(strstr(reply, "1.2.3"));
    assert_non_null(strstr(world_get(w, 1, "/livez"), "Server: tbot/1.2.3\r\n"));
    assert_non_null(strstr(world_get(w, 1, "/readyz"), "nobody answers"));
}

static void test_metrics_count_the_requests(void **state)
{
    struct server_world *w = *state;
    world_get(w, 0, "/livez");
    world_get(w, 0, "/nothing/like/that");
    const char *reply = world_get(w, 0, "/metrics");
    assert_non_null(strstr(reply, "tbot_diag_requests_total{path=\"/livez\",code=\"200\"} 1\n"));
    assert_non_null(strstr(reply, "tbot_diag_requests_total{path=\"other\",code=\"404\"} 1\n"));
    assert_non_null(strstr(reply, "tbot_diag_requests_in_flight 1\n"));
    assert_non_null(strstr(reply, "tbot_diag_request_duration_seconds_count 2\n"));
    assert_non_null(strstr(reply, "text/plain; version=0.0.4"));
}

/* The body behind the head, unpacked, as text. */
static void unpack(const char *reply, char *out, size_t size)
{
    const char *length = strstr(reply, "Content-Length: ");
    const char *body = strstr(reply, "\r\n\r\n");
    assert_non_null(length);
    assert_non_null(body);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)(body + 4),
                  .avail_in = (uInt)strtoul(length + strlen("Content-Length: "), NULL, 10),
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)size - 1};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    out[z.total_out] = '\0';
    inflateEnd(&z);
}

static void test_metrics_arrive_packed_where_that_is_accepted(void **state)
{
    struct server_world *w = *state;
    static const struct metric_family f = {"tbot_figure", METRIC_GAUGE, "A figure.",
                                           .labels = {"name"}};
    static char reply[REPLY_SIZE];
    static char text[REPLY_SIZE];
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "figure%d", i);
        metrics_set(w->metrics, &f, (const char *[]){text}, i);
    }
    int fd = world_connect(w, 0);
    world_send(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
                   "Accept: application/openmetrics-text\r\n\r\n");
    world_read(w, fd, reply);
    close(fd);
    assert_non_null(strstr(reply, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(strstr(reply, "\r\nVary: Accept, Accept-Encoding\r\n"));
    unpack(reply, text, sizeof(text));
    assert_non_null(strstr(text, "\ntbot_figure{name=\"figure199\"} 199\n"));
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    const char *plain = world_get(w, 0, "/metrics");
    assert_null(strstr(plain, "Content-Encoding"));
    assert_non_null(strstr(plain, "\r\nVary: Accept, Accept-Encoding\r\n"));
    assert_non_null(strstr(plain, "\ntbot_figure{name=\"figure199\"} 199\n"));
}

static void test_json_metrics_name_this_host_and_the_prefix(void **state)
{
    char host[256];
    char wanted[512];
    const char *reply = world_get(*state, 0, "/_metrics");
    assert_int_equal(gethostname(host, sizeof(host)), 0);
    snprintf(wanted, sizeof(wanted),
             "\"metric\":\"tbot.tbot_diag_requests_in_flight\",\"value\":1,\"hostname\":\"%s\"}",
             host);
    assert_non_null(strstr(reply, wanted));
}

static void test_pipelined_requests_are_all_answered(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, GET_LIVEZ GET_LIVEZ GET_LIVEZ);
    assert_false(world_read(w, fd, reply));
    assert_int_equal(count_of(reply, "HTTP/1.1 200 "), 3);
    close(fd);
}

static void test_body_of_a_get_is_no_request(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 42\r\n\r\n" GET_LIVEZ
                   "..");
    world_read(w, fd, reply);
    assert_int_equal(count_of(reply, "HTTP/1.1 "), 1);
    close(fd);
}

static void test_too_large_a_body_is_refused(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4097\r\n\r\n");
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 413 "));
    close(fd);
}

static void test_endless_chunks_end_the_connection(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    char chunk[1100];
    int fd = world_connect(w, 0);
    world_send(fd, "POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(chunk, sizeof(chunk), "400\r\n%01024d\r\n", 0);
    for (int i = 0; i < 5; i++) {
        world_send(fd, chunk);
        world_settle(w);
    }
    assert_true(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    close(fd);
}

/* A GET with `size` bytes of headers. */
static const char *get_with_headers(struct server_world *w, size_t size)
{
    static char reply[REPLY_SIZE];
    static char request[REPLY_SIZE];
    static const char start[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ";
    int len = snprintf(request, sizeof(request), "%s%0*d\r\n\r\n", start,
                       (int)(size - strlen(start) - 4), 0);
    assert_int_equal(len, size);
    int fd = world_connect(w, 0);
    world_send(fd, request);
    world_read(w, fd, reply);
    close(fd);
    return reply;
}

static void test_headers_have_eight_kib(void **state)
{
    assert_true(begins(get_with_headers(*state, 8 * 1024), "HTTP/1.1 200 "));
    assert_true(begins(get_with_headers(*state, 12 * 1024), "HTTP/1.1 4"));
}

static void test_malformed_requests_do_no_harm(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /livez\r\n\r\n",
        "GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /%zz%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = world_connect(w, 0);
        world_send(fd, requests[i]);
        world_read(w, fd, reply);
        assert_false(begins(reply, "HTTP/1.1 200 "));
        close(fd);
    }
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
}

/* Random bytes behind a plausible start, from a generator that every run repeats. */
static void test_ten_thousand_malformed_requests_do_no_harm(void **state)
{
    struct server_world *w = *state;
    uint32_t random = 1;
    for (int i = 0; i < 10000; i++) {
        char request[96] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
        for (size_t at = (size_t)i % 40; at < sizeof(request) - 1; at++) {
            random = random * 1664525U + 1013904223U;
            request[at] = (char)(random >> 24);
        }
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, &w->addresses[0].at.any, w->addresses[0].len), 0);
        (void)!send(fd, request, sizeof(request), MSG_NOSIGNAL);
        assert_ok(loop_turn(w->loop));
        if (i % 2)
            (void)!send(fd, "\r\n\r\n", 4, MSG_NOSIGNAL);
        assert_ok(loop_turn(w->loop));
        close(fd);
    }
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
}

/* More than the kernel takes at once, for a client that reads nothing. */
static void test_client_that_does_not_read_is_dropped(void **state)
{
    struct server_world *w = *state;
    static const struct metric_family f = {"x_total", METRIC_COUNTER, "X.", .labels = {"l"}};
    static char reply[REPLY_SIZE];
    char value[4096];
    for (int i = 0; i < 900; i++) {
        snprintf(value, sizeof(value), "%04000d", i);
        metrics_add(w->metrics, &f, (const char *[]){value}, 1);
    }
    int fd = world_connect(w, 0);
    for (int i = 0; i < 8; i++)
        world_send(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world_settle(w);
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
    assert_non_null(strstr(world_get(w, 0, "/livez"), "OK"));
    fake_clock_advance(&w->time, dur_s(30));
    world_settle(w);
    assert_true(world_read(w, fd, reply));
    close(fd);
}

/* A client of the Unix socket that runs as `uid`; what it is told. */
static int status_told_to(struct server_world *w, uid_t uid)
{
    int result[2];
    int status = 0;
    assert_int_equal(pipe2(result, O_NONBLOCK), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char reply[13] = "";
        if (setuid(uid) < 0 || connect(fd, &w->addresses[1].at.any, w->addresses[1].len) < 0)
            _exit(1);
        world_send(fd, GET_LIVEZ);
        (void)!recv(fd, reply, sizeof(reply) - 1, MSG_WAITALL);
        (void)!write(result[1], reply + strlen("HTTP/1.1 "), 3);
        _exit(0);
    }
    char code[4] = "";
    int tries = 0;
    while (read(result[0], code, 3) != 3 && tries++ < 5000) {
        assert_ok(loop_turn(w->loop));
        poll(NULL, 0, 1);
    }
    waitpid(pid, &status, 0);
    close(result[0]);
    close(result[1]);
    return (int)strtol(code, NULL, 10);
}

static void test_other_users_are_refused_on_the_socket(void **state)
{
    struct server_world *w = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(status_told_to(w, 0), 200);
    /* As if somebody had opened the socket's file to everybody. */
    assert_int_equal(chmod(w->dir.path, 0755), 0);
    assert_int_equal(chmod(temp_dir_join(&w->dir, "diag.sock"), 0666), 0);
    assert_int_equal(status_told_to(w, 65534), 403);
}

static void test_slow_request_is_ended_after_ten_seconds(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    for (int i = 0; i < 9; i++) {
        world_send(fd, "G");
        fake_clock_advance(&w->time, dur_s(1));
        world_settle(w);
    }
    assert_false(world_read(w, fd, reply));
    fake_clock_advance(&w->time, dur_s(1));
    assert_true(world_read(w, fd, reply));
    close(fd);
}

static void test_idle_connection_is_ended_after_thirty_seconds(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, GET_LIVEZ);
    assert_false(world_read(w, fd, reply));
    fake_clock_advance(&w->time, dur_s(29));
    assert_false(world_read(w, fd, reply));
    fake_clock_advance(&w->time, dur_s(1));
    assert_true(world_read(w, fd, reply));
    close(fd);
}

static void test_slow_clients_starve_no_probe(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int slow[100];
    for (size_t i = 0; i < 100; i++) {
        slow[i] = world_connect(w, 0);
        world_send(slow[i], "GET /livez HTTP/1.1\r\n");
        fake_clock_advance(&w->time, dur_ms(1));
        world_settle(w);
    }
    assert_true(world_read(w, slow[0], reply));
    assert_true(world_read(w, slow[43], reply));
    assert_false(world_read(w, slow[44], reply));
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
    assert_true(begins(world_get(w, 1, "/livez"), "HTTP/1.1 200 "));
    assert_true(world_read(w, slow[44], reply));
    assert_false(world_read(w, slow[45], reply));
    for (size_t i = 0; i < 100; i++)
        close(slow[i]);
}

/* What accept4() finds: enough descriptors, none, or one as soon as another was given back. */
static enum { ENOUGH, NONE, ONE_FOR_ONE } descriptors;

int __real_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    static bool was_given_back;
    was_given_back = descriptors == ONE_FOR_ONE && !was_given_back;
    if (descriptors == ENOUGH || (descriptors == ONE_FOR_ONE && !was_given_back))
        return __real_accept4(fd, addr, len, flags);
    errno = EMFILE;
    return -1;
}

/* Connected, and still in the queue. */
static int connect_unseen(const struct server_world *w)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, &w->addresses[0].at.any, w->addresses[0].len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void test_no_descriptors_left_rests_and_recovers(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    descriptors = NONE;
    int fd = world_connect(w, 0);
    world_send(fd, GET_LIVEZ);
    world_settle(w);
    descriptors = ENOUGH;
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, ""); /* it rests, rather than looking again at once */
    fake_clock_advance(&w->time, dur_s(1));
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    close(fd);
}

/* Who waits longest gives his to the next, and so on: the last in the queue need not wait for all. */
static void test_no_descriptors_left_takes_them_from_slow_clients(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int slow[4];
    slow[0] = world_connect(w, 0);
    for (int i = 1; i < 4; i++)
        slow[i] = connect_unseen(w);
    CLEANUP(closep) int fd = connect_unseen(w);
    world_send(fd, GET_LIVEZ);
    descriptors = ONE_FOR_ONE;
    world_read(w, fd, reply);
    descriptors = ENOUGH;
    assert_true(begins(reply, "HTTP/1.1 200 "));
    for (int i = 0; i < 4; i++)
        close(slow[i]);
}

/* accept(2) fails also when nobody is there. */
static void test_no_descriptors_left_ends_nobody_for_nobody(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    CLEANUP(closep) int slow = world_connect(w, 0);
    CLEANUP(closep) int fd = connect_unseen(w);
    descriptors = ONE_FOR_ONE;
    world_settle(w); /* `fd` takes the place of `slow`, and keeps it */
    descriptors = ENOUGH;
    world_send(fd, GET_LIVEZ);
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_true(world_read(w, slow, reply));
}

static void test_stop_removes_the_socket_and_ends_connections(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 1);
    diag_server_stop(w->server);
    assert_true(world_read(w, fd, reply));
    assert_false(temp_dir_has(&w->dir, "diag.sock"));
    close(fd);
}

static void test_new_that_fails_undoes_what_it_opened(void **state)
{
    struct server_world *w = *state;
    struct diag_address a[2];
    struct diag_server *second = NULL;
    char text[160];
    snprintf(text, sizeof(text), "unix:%s", temp_dir_join(&w->dir, "second.sock"));
    assert_ok(diag_address_parse(text, &a[0]));
    assert_ok(diag_address_parse("systemd:nobody", &a[1]));
    struct diag_server_config c = {.loop = w->loop,
                                   .clock = &w->time.clock,
                                   .health = w->health,
                                   .addresses = a,
                                   .n_addresses = 2,
                                   .version = "1"};
    assert_fails(diag_server_new(&c, &second), ERR_CONFIG, "nobody");
    assert_false(temp_dir_has(&w->dir, "second.sock"));
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_livez_is_ok_on_both_listeners),
        WORLD_TEST(test_livez_after_a_stall_says_so_to_who_asked_meanwhile),
        WORLD_TEST(test_livez_stays_ok_while_the_loop_turns),
        WORLD_TEST(test_readyz_follows_the_state),
        WORLD_TEST(test_head_has_the_length_and_no_body),
        WORLD_TEST(test_post_is_refused_with_allow),
        WORLD_TEST(test_foreign_host_is_misdirected_on_loopback_only),
        WORLD_TEST(test_network_gets_no_details),
        WORLD_TEST(test_metrics_count_the_requests),
        WORLD_TEST(test_metrics_arrive_packed_where_that_is_accepted),
        WORLD_TEST(test_json_metrics_name_this_host_and_the_prefix),
        WORLD_TEST(test_pipelined_requests_are_all_answered),
        WORLD_TEST(test_body_of_a_get_is_no_request),
        WORLD_TEST(test_too_large_a_body_is_refused),
        WORLD_TEST(test_endless_chunks_end_the_connection),
        WORLD_TEST(test_headers_have_eight_kib),
        WORLD_TEST(test_malformed_requests_do_no_harm),
        WORLD_TEST(test_ten_thousand_malformed_requests_do_no_harm),
        WORLD_TEST(test_client_that_does_not_read_is_dropped),
        WORLD_TEST(test_other_users_are_refused_on_the_socket),
        WORLD_TEST(test_slow_request_is_ended_after_ten_seconds),
        WORLD_TEST(test_idle_connection_is_ended_after_thirty_seconds),
        WORLD_TEST(test_slow_clients_starve_no_probe),
        WORLD_TEST(test_no_descriptors_left_rests_and_recovers),
        WORLD_TEST(test_no_descriptors_left_takes_them_from_slow_clients),
        WORLD_TEST(test_no_descriptors_left_ends_nobody_for_nobody),
        WORLD_TEST(test_stop_removes_the_socket_and_ends_connections),
        WORLD_TEST(test_new_that_fails_undoes_what_it_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
