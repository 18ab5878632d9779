/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify_socket.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>

/* A service manager's end: a bound datagram socket. */
static int listen_at(const struct sockaddr_un *at, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)at, len), 0);
    return fd;
}

static int listen_at_path(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    return listen_at(&at, sizeof(at));
}

static void assert_heard(int fd, const char *text)
{
    char got[256];
    ssize_t n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static void test_socket_of_a_path_is_spoken_to(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(closep) int manager = listen_at_path(temp_dir_join(&tmp, "notify"));
    CLEANUP(notify_socket_release) struct notify_socket s = NOTIFY_SOCKET_NONE;
    assert_ok(notify_socket_open(temp_dir_join(&tmp, "notify"), &s));
    assert_ok(notify_socket_send(&s, "READY=1\n"));
    assert_heard(manager, "READY=1\n");
}

/* Its name ends where the address does: not with the room for a name, nor with a NUL byte. */
static void test_abstract_socket_is_spoken_to(void **state)
{
    (void)state;
    char address[64];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int len = snprintf(address, sizeof(address), "@tbot-notify-%d", (int)getpid());
    memcpy(at.sun_path + 1, address + 1, (size_t)len - 1);
    CLEANUP(closep)
    int manager = listen_at(&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len));
    CLEANUP(notify_socket_release) struct notify_socket s = NOTIFY_SOCKET_NONE;
    assert_ok(notify_socket_open(address, &s));
    assert_ok(notify_socket_send(&s, "STOPPING=1\n"));
    assert_heard(manager, "STOPPING=1\n");
}

static void test_manager_that_was_replaced_is_found_again(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(notify_socket_release) struct notify_socket s = NOTIFY_SOCKET_NONE;
    assert_ok(notify_socket_open(temp_dir_join(&tmp, "notify"), &s));
    assert_fails(notify_socket_send(&s, "READY=1\n"), ERR_UNAVAILABLE, "service manager");
    int first = listen_at_path(temp_dir_join(&tmp, "notify"));
    assert_ok(notify_socket_send(&s, "READY=1\n"));
    close(first);
    assert_fails(notify_socket_send(&s, "READY=1\n"), ERR_UNAVAILABLE, "service manager");
    temp_dir_delete(&tmp, "notify");
    CLEANUP(closep) int second = listen_at_path(temp_dir_join(&tmp, "notify"));
    assert_ok(notify_socket_send(&s, "STATUS=here\n"));
    assert_heard(second, "STATUS=here\n");
}

static void test_manager_that_does_not_read_holds_nobody_up(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(closep) int manager = listen_at_path(temp_dir_join(&tmp, "notify"));
    CLEANUP(notify_socket_release) struct notify_socket s = NOTIFY_SOCKET_NONE;
    assert_ok(notify_socket_open(temp_dir_join(&tmp, "notify"), &s));
    struct err *e = NULL;
    for (int i = 0; i < 100000 && !e; i++)
        e = notify_socket_send(&s, "WATCHDOG=1\n");
    assert_fails(e, ERR_BUSY, "service manager");
    assert_heard(manager, "WATCHDOG=1\n");
    assert_ok(notify_socket_send(&s, "WATCHDOG=1\n"));
}

static void test_address_of_no_socket_is_refused(void **state)
{
    (void)state;
    char path[112];
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[108] = '\0';
    static const char *const wrong[] = {"", "/", "@", "run/notify", "vsock:2:1234"};
    struct notify_socket s = NOTIFY_SOCKET_NONE;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(notify_socket_open(wrong[i], &s), ERR_CONFIG, "NOTIFY_SOCKET");
    assert_fails(notify_socket_open(path, &s), ERR_CONFIG, "too long");
    path[0] = '@'; /* needs no room for an end */
    assert_ok(notify_socket_open(path, &s));
    notify_socket_release(&s);
    path[0] = '/';
    path[107] = '\0';
    assert_ok(notify_socket_open(path, &s));
    notify_socket_release(&s);
}

static void test_watchdog_is_for_the_process_it_names(void **state)
{
    (void)state;
    assert_int_equal(notify_socket_watchdog("30000000", NULL, 7).ns, dur_s(30).ns);
    assert_int_equal(notify_socket_watchdog("30000000", "7", 7).ns, dur_s(30).ns);
    assert_int_equal(notify_socket_watchdog("30000000", "8", 7).ns, 0);
    assert_int_equal(notify_socket_watchdog("30000000", "seven", 7).ns, 0);
    static const char *const wrong[] = {"", "-1", "1s", "99999999999999999999",
                                        "9223372036854775807"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(notify_socket_watchdog(wrong[i], NULL, 7).ns, 0);
    assert_int_equal(notify_socket_watchdog(NULL, "7", 7).ns, 0);
}

static void test_environment_is_taken_and_not_passed_on(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(closep) int manager = listen_at_path(temp_dir_join(&tmp, "notify"));
    setenv("NOTIFY_SOCKET", temp_dir_join(&tmp, "notify"), 1);
    setenv("WATCHDOG_USEC", "5000000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* not us */
    CLEANUP(notify_socket_release) struct notify_socket s = NOTIFY_SOCKET_NONE;
    assert_ok(notify_socket_take(&s));
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    assert_int_equal(s.watchdog.ns, 0);
    assert_ok(notify_socket_send(&s, "READY=1\n"));
    assert_heard(manager, "READY=1\n");
}

static void test_bad_environment_is_told_and_taken_all_the_same(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
    setenv("WATCHDOG_USEC", "5000000", 1);
    struct notify_socket s;
    assert_fails(notify_socket_take(&s), ERR_CONFIG, "'vsock:2:1234'");
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_int_equal(s.fd, -1);
    assert_int_equal(s.watchdog.ns, 0);
}

static void test_without_a_manager_all_is_said_to_nobody(void **state)
{
    (void)state;
    struct notify_socket s;
    unsetenv("NOTIFY_SOCKET");
    assert_ok(notify_socket_take(&s));
    assert_ok(notify_socket_send(&s, "READY=1\n"));
    setenv("NOTIFY_SOCKET", "", 1);
    assert_ok(notify_socket_take(&s));
    assert_ok(notify_socket_send(&s, "READY=1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket_of_a_path_is_spoken_to),
        cmocka_unit_test(test_abstract_socket_is_spoken_to),
        cmocka_unit_test(test_manager_that_was_replaced_is_found_again),
        cmocka_unit_test(test_manager_that_does_not_read_holds_nobody_up),
        cmocka_unit_test(test_address_of_no_socket_is_refused),
        cmocka_unit_test(test_watchdog_is_for_the_process_it_names),
        cmocka_unit_test(test_environment_is_taken_and_not_passed_on),
        cmocka_unit_test(test_bad_environment_is_told_and_taken_all_the_same),
        cmocka_unit_test(test_without_a_manager_all_is_said_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
