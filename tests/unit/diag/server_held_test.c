/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"

#include "diag/places.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

static char reply[REPLY_SIZE];

static void report(struct server_world *w, bool is_good)
{
    CLEANUP(err_freep) struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    if (is_good)
        health_succeeded(w->identity, "renew", loop_now(w->loop));
    else
        health_failed(w->identity, "renew", e, loop_now(w->loop));
    diag_server_changed(w->server);
}

/* Asks on a new connection, and gets nothing yet. */
static int ask(struct server_world *w, size_t n, const char *path)
{
    char request[256];
    int fd = world_connect(w, n);
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    world_send(fd, request);
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    return fd;
}

static void assert_reply(struct server_world *w, int fd, const char *status)
{
    assert_false(world_read(w, fd, reply));
    if (!begins(reply, status))
        fail_msg("not '%s': '%s'", status, reply);
}

static void advance(struct server_world *w, int64_t s)
{
    fake_clock_advance(&w->time, dur_s(s));
    world_settle(w);
}

static void test_wait_is_answered_by_the_first_report(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait");
    report(w, false);
    assert_reply(w, fd, "HTTP/1.1 503 ");
    assert_non_null(strstr(reply, "identity is degraded: nobody answers"));
    world_send(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"); /* it goes on */
    assert_reply(w, fd, "HTTP/1.1 200 ");
    close(fd);
}

static void test_wait_for_ready_outlasts_failures_and_time_limits(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready");
    report(w, false);
    for (int i = 0; i < 10; i++)
        advance(w, 60);
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    report(w, true);
    world_settle(w);
    advance(w, 9);
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    advance(w, 1); /* OK by time alone: nobody says that anything changed */
    assert_reply(w, fd, "HTTP/1.1 200 ");
    close(fd);
}

static void test_wait_for_serving_ends_with_credentials(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 1, "/wait/identity?for=serving");
    health_serves(w->identity, wall_add(loop_now(w->loop).wall, dur_s(60)));
    diag_server_changed(w->server);
    assert_reply(w, fd, "HTTP/1.1 200 ");
    assert_non_null(strstr(reply, "\"serving\": true"));
    close(fd);
}

static void test_wait_ends_late_with_how_it_stands(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready&timeout=45s");
    advance(w, 44);
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    advance(w, 1);
    assert_reply(w, fd, "HTTP/1.1 504 ");
    assert_non_null(strstr(reply, "identity is starting"));
    close(fd);
}

/* While it was held nobody was to be told to go: its answer begins to count anew. */
static void test_who_was_held_has_a_time_limit_again_after_its_answer(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait");
    advance(w, 10); /* its first limit, which does not count while it is held */
    report(w, true);
    assert_reply(w, fd, "HTTP/1.1 200 ");
    advance(w, 29);
    assert_false(world_read(w, fd, reply));
    advance(w, 1);
    assert_true(world_read(w, fd, reply));
    close(fd);
}

static void test_wait_is_told_of_a_stop(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready");
    health_stop(w->health, loop_now(w->loop));
    diag_server_changed(w->server);
    assert_reply(w, fd, "HTTP/1.1 503 ");
    close(fd);
}

static void test_server_that_ends_tells_who_waits(void **state)
{
    struct server_world *w = *state;
    int told = ask(w, 0, "/wait?for=ready");
    health_stop(w->health, loop_now(w->loop));
    diag_server_stop(w->server);
    assert_true(world_read(w, told, reply));
    assert_true(begins(reply, "HTTP/1.1 503 "));
    close(told);
}

static void test_server_can_end_while_somebody_waits(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready");
    diag_server_free(w->server);
    w->server = NULL;
    assert_true(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    close(fd);
}

static void test_waiters_are_bounded_and_one_that_leaves_makes_room(void **state)
{
    struct server_world *w = *state;
    int fds[PLACES_HELD_MAX];
    for (size_t i = 0; i < PLACES_HELD_MAX; i++)
        fds[i] = ask(w, 0, "/wait");
    assert_true(begins(world_get(w, 0, "/wait"), "HTTP/1.1 429 "));
    close(ask(w, 1, "/wait")); /* the Unix socket has its own */
    assert_true(begins(world_get(w, 0, "/livez"), "HTTP/1.1 200 "));
    close(fds[0]);
    world_settle(w);
    fds[0] = ask(w, 0, "/wait");
    shutdown(fds[1], SHUT_WR); /* counts as gone */
    assert_true(world_read(w, fds[1], reply));
    close(fds[1]);
    fds[1] = ask(w, 0, "/wait");
    report(w, true);
    for (size_t i = 0; i < PLACES_HELD_MAX; i++) {
        assert_reply(w, fds[i], "HTTP/1.1 200 ");
        close(fds[i]);
    }
}

static void test_who_has_gone_is_not_answered(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready");
    health_succeeded(w->identity, "renew", loop_now(w->loop));
    close(fd);
    world_settle(w);
    assert_null(strstr(world_get(w, 0, "/metrics"), "path=\"/wait\""));
}

static void test_waiter_is_not_evicted_by_a_crowd(void **state)
{
    struct server_world *w = *state;
    int fds[PLACES_MAX];
    int fd = ask(w, 0, "/wait");
    for (size_t i = 0; i < PLACES_MAX; i++)
        fds[i] = world_connect(w, 0);
    report(w, true);
    assert_reply(w, fd, "HTTP/1.1 200 ");
    for (size_t i = 0; i < PLACES_MAX; i++)
        close(fds[i]);
    close(fd);
}

static void test_what_a_waiter_sends_meanwhile_is_read_afterwards(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait");
    world_send(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    report(w, true);
    assert_reply(w, fd, "HTTP/1.1 200 ");
    assert_non_null(strstr(reply, "\r\n\r\nOK"));
    close(fd);
}

static void test_waiting_is_counted_once_and_not_as_time_of_an_answer(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait?for=ready");
    report(w, false);
    world_settle(w);
    advance(w, 300);
    report(w, true);
    world_settle(w);
    advance(w, 10);
    assert_reply(w, fd, "HTTP/1.1 200 ");
    close(fd);
    const char *metrics = world_get(w, 0, "/metrics");
    assert_non_null(strstr(metrics, "tbot_diag_requests_total{path=\"/wait\",code=\"200\"} 1\n"));
    assert_non_null(strstr(metrics, "tbot_diag_request_duration_seconds_sum 0\n"));
}

static void test_status_counts_who_waits(void **state)
{
    struct server_world *w = *state;
    int fd = ask(w, 0, "/wait");
    const char *status = world_get(w, 1, "/status");
    assert_true(begins(status, "HTTP/1.1 200 "));
    assert_non_null(strstr(status, "\"waiting\": 1"));
    close(fd);
    world_settle(w);
    assert_null(strstr(world_get(w, 1, "/status"), "\"waiting\": 1"));
}

struct deeds {
    struct server_world *w;
    int renewed, reloaded, shut_down;
};

static void on_renew(void *arg)
{
    struct deeds *d = arg;
    d->renewed++;
    report(d->w, true); /* as an agent might: it must not disturb the request */
}

static void on_reload(void *arg)
{
    ((struct deeds *)arg)->reloaded++;
}

static void on_shut_down(void *arg)
{
    struct deeds *d = arg;
    d->shut_down++;
    diag_server_stop(d->w->server);
}

static void test_deeds_are_done_after_the_answer(void **state)
{
    struct server_world *w = *state;
    struct deeds d = {.w = w};
    w->control = (struct diag_control){&d, on_renew, on_reload, on_shut_down};
    world_listen(w, "127.0.0.1:0");
    int waiter = ask(w, 1, "/wait");
    assert_true(begins(world_ask(w, 1, "POST", "/renew", ""), "HTTP/1.1 202 "));
    assert_int_equal(d.renewed, 1);
    assert_reply(w, waiter, "HTTP/1.1 200 ");
    close(waiter);
    assert_true(begins(world_ask(w, 1, "POST", "/reload", "{}"), "HTTP/1.1 202 "));
    assert_int_equal(d.reloaded, 1);
    assert_true(begins(world_ask(w, 1, "POST", "/_shutdown", ""), "HTTP/1.1 200 "));
    assert_int_equal(d.shut_down, 1);
    assert_int_equal(d.renewed, 1);
}

/* Of an agent that reads its configuration when asked to, and has done so `ended` times. */
struct reloading {
    struct deeds deeds;
    unsigned begun, ended;
};

static void begin_reload(void *arg)
{
    ((struct reloading *)arg)->begun++;
}

static void report_reloads(void *arg, struct diag_report *ret)
{
    const struct reloading *r = arg;
    ret->reloads = (struct diag_reloads){.awaited = r->begun + 1, .done = r->ended};
}

static int ask_reload(struct server_world *w)
{
    int fd = world_connect(w, 1);
    world_send(fd, "POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    return fd;
}

static void test_who_asks_for_a_reload_is_answered_by_the_one_that_began_after(void **state)
{
    struct server_world *w = *state;
    static struct reloading r; /* the server is there until the teardown */
    r = (struct reloading){.begun = 0};
    w->control = (struct diag_control){&r, NULL, begin_reload, NULL};
    w->reporter = (struct diag_reporter){.arg = &r, .report = report_reloads};
    world_listen(w, "127.0.0.1:0");
    int first = ask_reload(w);
    assert_int_equal(r.begun, 1);
    int second = ask_reload(w); /* the first may have read the file already */
    r.ended = 1;
    diag_server_changed(w->server);
    assert_reply(w, first, "HTTP/1.1 200 ");
    assert_false(world_read(w, second, reply));
    assert_string_equal(reply, "");
    r.ended = 2;
    diag_server_changed(w->server);
    assert_reply(w, second, "HTTP/1.1 200 ");
    /* On a connection that has waited before, another waits for another. */
    world_send(first, "POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_false(world_read(w, first, reply));
    assert_string_equal(reply, "");
    assert_int_equal(r.begun, 3);
    health_stop(w->health, loop_now(w->loop));
    diag_server_changed(w->server);
    assert_reply(w, first, "HTTP/1.1 409 ");
    close(first);
    close(second);
}

static void test_strangers_change_nothing(void **state)
{
    struct server_world *w = *state;
    struct deeds d = {.w = w};
    w->control = (struct diag_control){&d, on_renew, on_reload, on_shut_down};
    world_listen(w, "127.0.0.1:0");
    assert_true(begins(world_ask(w, 0, "POST", "/renew", ""), "HTTP/1.1 401 "));
    assert_true(begins(world_ask(w, 0, "POST", "/_shutdown", ""), "HTTP/1.1 401 "));
    assert_int_equal(d.renewed + d.shut_down, 0);
}

static void test_level_is_changed_by_a_body_and_goes_back(void **state)
{
    struct server_world *w = *state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    w->log = log_new(fd, LOG_TEXT, LOG_INFO, &w->time.clock);
    world_listen(w, "127.0.0.1:0");
    assert_true(begins(world_ask(w, 1, "PUT", "/log-level?for=10m", "debug\n"), "HTTP/1.1 200 "));
    assert_int_equal(log_get_level(w->log), LOG_DEBUG);
    assert_non_null(strstr(world_get(w, 0, "/log-level"), "\r\n\r\nDEBUG\n"));
    advance(w, 600);
    assert_int_equal(log_get_level(w->log), LOG_INFO);
    assert_true(begins(world_ask(w, 1, "PUT", "/log-level", "loud"), "HTTP/1.1 422 "));
    assert_true(begins(world_ask(w, 0, "PUT", "/log-level", "debug"), "HTTP/1.1 401 "));
    assert_int_equal(log_get_level(w->log), LOG_INFO);
    world_ask(w, 1, "PUT", "/log-level?for=10m", "debug");
    assert_int_equal(log_get_level(w->log), LOG_DEBUG);
    diag_server_free(w->server);
    w->server = NULL;
    assert_int_equal(log_get_level(w->log), LOG_INFO);
    log_free(w->log);
    close(fd);
}

static void test_answers_on_the_socket_fill_no_log(void **state)
{
    struct server_world *w = *state;
    char text[4096];
    FILE *file = tmpfile();
    assert_non_null(file);
    w->log = log_new(fileno(file), LOG_TEXT, LOG_DEBUG, &w->time.clock);
    world_listen(w, "127.0.0.1:0");
    world_get(w, 1, "/status");
    ssize_t n = pread(fileno(file), text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    assert_non_null(strstr(text, "listening"));
    assert_null(strstr(text, "[diag] http"));
    diag_server_free(w->server);
    w->server = NULL;
    log_free(w->log);
    fclose(file);
}

#define HELD_TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HELD_TEST(test_wait_is_answered_by_the_first_report),
        HELD_TEST(test_wait_for_ready_outlasts_failures_and_time_limits),
        HELD_TEST(test_wait_for_serving_ends_with_credentials),
        HELD_TEST(test_wait_ends_late_with_how_it_stands),
        HELD_TEST(test_who_was_held_has_a_time_limit_again_after_its_answer),
        HELD_TEST(test_wait_is_told_of_a_stop),
        HELD_TEST(test_server_that_ends_tells_who_waits),
        HELD_TEST(test_server_can_end_while_somebody_waits),
        HELD_TEST(test_waiters_are_bounded_and_one_that_leaves_makes_room),
        HELD_TEST(test_who_has_gone_is_not_answered),
        HELD_TEST(test_waiter_is_not_evicted_by_a_crowd),
        HELD_TEST(test_what_a_waiter_sends_meanwhile_is_read_afterwards),
        HELD_TEST(test_waiting_is_counted_once_and_not_as_time_of_an_answer),
        HELD_TEST(test_status_counts_who_waits),
        HELD_TEST(test_deeds_are_done_after_the_answer),
        HELD_TEST(test_who_asks_for_a_reload_is_answered_by_the_one_that_began_after),
        HELD_TEST(test_strangers_change_nothing),
        HELD_TEST(test_answers_on_the_socket_fill_no_log),
        HELD_TEST(test_level_is_changed_by_a_body_and_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
