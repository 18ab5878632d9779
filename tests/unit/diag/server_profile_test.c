/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"

#include "diag/profile/stack.h"

#include <stdio.h>

/* Index of the Unix socket, where profiles may be asked for, and of TCP, where not. */
enum { TCP, UNIX };

static char reply[REPLY_SIZE];

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return 1;
    struct server_world *w = *state;
    w->is_debug = true;
    world_listen(w, "127.0.0.1:0");
    return 0;
}

static int ask(struct server_world *w, const char *path)
{
    char request[256];
    int fd = world_connect(w, UNIX);
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    world_send(fd, request);
    return fd;
}

/* Its thread takes real time to make it, and sleeps by the clock of this world. */
static void await_reply(struct server_world *w, int fd)
{
    do {
        fake_clock_advance(&w->time, dur_ms(10));
        assert_false(world_read(w, fd, reply));
    } while (!*reply);
}

static void get(struct server_world *w, const char *path)
{
    int fd = ask(w, path);
    await_reply(w, fd);
    close(fd);
}

static void test_without_debug_there_are_no_such_pages(void **state)
{
    struct server_world *w = *state;
    static const char *const paths[] = {
        "/debug/pprof/",        "/debug/pprof",         "/debug/pprof/profile?seconds=1",
        "/debug/pprof/heap",    "/debug/pprof/threads", "/debug/pprof/goroutine?debug=1",
        "/debug/pprof/cmdline", "/debug/pprof/symbol",
    };
    w->is_debug = false;
    world_listen(w, "127.0.0.1:0");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_true(begins(world_get(w, UNIX, paths[i]), "HTTP/1.1 404 "));
        assert_true(begins(world_get(w, TCP, paths[i]), "HTTP/1.1 404 "));
    }
}

static void test_from_plain_loopback_they_are_refused(void **state)
{
    struct server_world *w = *state;
    assert_true(begins(world_get(w, TCP, "/debug/pprof/heap"), "HTTP/1.1 401 "));
    assert_true(begins(world_get(w, UNIX, "/debug/pprof/"), "HTTP/1.1 200 "));
}

static void test_threads_and_the_command_line_come(void **state)
{
    struct server_world *w = *state;
    get(w, "/debug/pprof/threads");
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(reply, "goroutine profile: total "));
    get(w, "/debug/pprof/goroutine?debug=1");
    assert_non_null(strstr(reply, "goroutine profile: total "));
    get(w, "/debug/pprof/cmdline");
    assert_non_null(strstr(reply, "test_diag_server_profile"));
    get(w, "/debug/pprof/symbol");
    assert_non_null(strstr(reply, "num_symbols: 1\n"));
}

static void test_symbol_takes_addresses_by_post(void **state)
{
    struct server_world *w = *state;
    char request[256];
    int fd = world_connect(w, UNIX);
    snprintf(request, sizeof(request),
             "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
             "18\r\n\r\n0x%016zx",
             (size_t)(uintptr_t)world_settle);
    world_send(fd, request);
    await_reply(w, fd);
    assert_non_null(strstr(reply, "\tworld_settle\n"));
    close(fd);
}

static void test_heap_that_was_not_begun_is_said_to_be_none(void **state)
{
    struct server_world *w = *state;
    get(w, "/debug/pprof/heap");
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_non_null(strstr(reply, "not begun"));
}

static void test_a_profile_comes_when_its_time_is_over_and_the_loop_goes_on(void **state)
{
    struct server_world *w = *state;
    if (!stack_is_supported())
        skip();
    int fd = ask(w, "/debug/pprof/profile?seconds=5");
    assert_false(world_read(w, fd, reply));
    assert_string_equal(reply, "");
    assert_true(begins(world_get(w, TCP, "/livez"), "HTTP/1.1 200 "));
    do { /* the thread looks at the clock when it begins, and that may be later than this */
        fake_clock_advance(&w->time, dur_s(5));
        assert_false(world_read(w, fd, reply));
    } while (!*reply);
    assert_true(begins(reply, "HTTP/1.1 200 "));
    assert_non_null(strstr(reply, "application/octet-stream"));
    assert_non_null(strstr(reply, "\r\n\r\n\x1f\x8b"));
    close(fd);
}

static void test_a_second_profile_is_refused_until_the_first_is_over(void **state)
{
    struct server_world *w = *state;
    if (!stack_is_supported())
        skip();
    int first = ask(w, "/debug/pprof/profile?seconds=300");
    assert_false(world_read(w, first, reply));
    get(w, "/debug/pprof/profile?seconds=1");
    assert_true(begins(reply, "HTTP/1.1 409 "));
    close(first); /* it went away: the next may have it, as soon as the first has noticed */
    for (int fd;; close(fd)) {
        fd = ask(w, "/debug/pprof/profile?seconds=1");
        world_read(w, fd, reply);
        if (!begins(reply, "HTTP/1.1 409 "))
            break;
    }
    assert_string_equal(reply, "");
}

static void test_seconds_that_are_none_are_refused(void **state)
{
    struct server_world *w = *state;
    get(w, "/debug/pprof/profile?seconds=301");
    assert_true(begins(reply, "HTTP/1.1 400 "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_debug_there_are_no_such_pages),
        TEST(test_from_plain_loopback_they_are_refused),
        TEST(test_threads_and_the_command_line_come),
        TEST(test_symbol_takes_addresses_by_post),
        TEST(test_heap_that_was_not_begun_is_said_to_be_none),
        TEST(test_a_profile_comes_when_its_time_is_over_and_the_loop_goes_on),
        TEST(test_a_second_profile_is_refused_until_the_first_is_over),
        TEST(test_seconds_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
