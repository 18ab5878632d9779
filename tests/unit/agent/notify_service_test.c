/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify_service.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_log.h"

#include <stdio.h>

/* A service manager that listens or does not, and an agent of which only the view is there. */
struct world {
    struct fake_clock time;
    struct loop *loop;
    struct temp_dir tmp;
    int manager; /* -1: does not listen */
    struct notify_socket to_manager;
    struct test_log log;
    struct notify_service *service;
    struct notify_view view;
    char heard[256];
};

static void listen_at(struct world *w)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", temp_dir_join(&w->tmp, "notify"));
    w->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->manager, (const struct sockaddr *)&at, sizeof(at)), 0);
}

static void go_away(struct world *w)
{
    close(w->manager);
    w->manager = -1;
    temp_dir_delete(&w->tmp, "notify");
}

static void see(void *arg, struct notify_view *ret)
{
    *ret = ((struct world *)arg)->view;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    w->tmp = temp_dir_make();
    listen_at(w);
    test_log_open(&w->log, &w->time.clock);
    assert_ok(loop_new(&w->time.clock, &w->loop));
    assert_ok(notify_socket_open(temp_dir_join(&w->tmp, "notify"), &w->to_manager));
    w->to_manager.watchdog = dur_s(20);
    struct notify_service_config config = {
        .loop = w->loop, .log = w->log.log, .manager = &w->to_manager, .view = see, .arg = w};
    assert_ok(notify_service_new(&config, &w->service));
    w->view = (struct notify_view){.health = {.is_serving = true},
                                   .next_change = MONO_NEVER,
                                   .goes_on = true,
                                   .status = "Serving"};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    notify_service_free(w->service);
    notify_socket_release(&w->to_manager);
    loop_free(w->loop);
    test_log_close(&w->log);
    closep(&w->manager);
    temp_dir_remove(&w->tmp);
    free(w);
    return 0;
}

/* The next datagram; "" when there is none. */
static const char *hear(struct world *w)
{
    ssize_t n = recv(w->manager, w->heard, sizeof(w->heard) - 1, MSG_DONTWAIT);
    w->heard[n > 0 ? n : 0] = '\0';
    return w->heard;
}

static void pass(struct world *w, int64_t s)
{
    fake_clock_advance(&w->time, dur_s(s));
    assert_ok(loop_turn(w->loop));
}

static void test_change_is_told_at_once_and_once(void **state)
{
    struct world *w = *state;
    notify_service_look(w->service);
    assert_string_equal(hear(w), "READY=1\nSTATUS=Serving\nWATCHDOG=1\n");
    notify_service_look(w->service);
    assert_string_equal(hear(w), "");
    w->view.is_stopping = true;
    notify_service_look(w->service);
    assert_string_equal(hear(w), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\n");
}

static void test_end_of_one_pass_is_two_datagrams(void **state)
{
    struct world *w = *state;
    notify_service_free(w->service);
    struct notify_service_config config = {.loop = w->loop,
                                           .log = w->log.log,
                                           .manager = &w->to_manager,
                                           .one_pass = true,
                                           .view = see,
                                           .arg = w};
    assert_ok(notify_service_new(&config, &w->service));
    w->view.is_done = w->view.is_stopping = true;
    notify_service_look(w->service);
    assert_string_equal(hear(w), "READY=1\nSTATUS=Serving\nWATCHDOG=1\n");
    assert_string_equal(hear(w), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\n");
}

static void test_sign_of_life_stops_with_the_loop(void **state)
{
    struct world *w = *state;
    notify_service_look(w->service);
    (void)hear(w);
    pass(w, 9);
    assert_string_equal(hear(w), "");
    pass(w, 1);
    assert_string_equal(hear(w), "WATCHDOG=1\n");
    fake_clock_advance(&w->time, dur_s(100)); /* no turn */
    assert_string_equal(hear(w), "");
    assert_ok(loop_turn(w->loop)); /* one sign, and none for what was missed */
    assert_string_equal(hear(w), "WATCHDOG=1\n");
    assert_string_equal(hear(w), "");
}

static void test_what_time_alone_changes_is_told(void **state)
{
    struct world *w = *state;
    w->to_manager.watchdog = (struct dur){0};
    w->view.next_change = mono_add(loop_now(w->loop).mono, dur_s(3));
    notify_service_look(w->service);
    (void)hear(w);
    snprintf(w->view.status, sizeof(w->view.status), "Not serving");
    pass(w, 3);
    assert_string_equal(hear(w), "STATUS=Not serving\n");
}

static void test_manager_that_is_away_hears_it_later(void **state)
{
    struct world *w = *state;
    go_away(w);
    notify_service_look(w->service);
    for (int i = 0; i < 5; i++)
        pass(w, 3);
    assert_int_equal(test_log_count(&w->log, "does not take what it is told"), 1);
    listen_at(w);
    pass(w, 3);
    assert_string_equal(hear(w), "READY=1\nSTATUS=Serving\nWATCHDOG=1\n");
}

static void test_without_a_manager_nothing_is_done(void **state)
{
    struct world *w = *state;
    notify_socket_release(&w->to_manager);
    notify_service_look(w->service);
    pass(w, 100);
    assert_string_equal(hear(w), "");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_change_is_told_at_once_and_once),
        TEST(test_end_of_one_pass_is_two_datagrams),
        TEST(test_sign_of_life_stops_with_the_loop),
        TEST(test_what_time_alone_changes_is_told),
        TEST(test_manager_that_is_away_hears_it_later),
        TEST(test_without_a_manager_nothing_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
