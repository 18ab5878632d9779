/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/listener.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct diag_address parse(const char *text)
{
    struct diag_address a;
    assert_ok(diag_address_parse(text, &a));
    return a;
}

static struct diag_address socket_in(struct temp_dir *tmp)
{
    char text[160];
    snprintf(text, sizeof(text), "unix:%s", temp_dir_join(tmp, "diag.sock"));
    return parse(text);
}

static struct diag_address with_port_of(const struct diag_listener *l)
{
    struct diag_address a = parse("127.0.0.1:0");
    a.len = sizeof(a.at);
    assert_int_equal(getsockname(l->fd, &a.at.any, &a.len), 0);
    return a;
}

static bool is_reached(const struct diag_address *a)
{
    CLEANUP(closep) int fd = socket(a->at.any.sa_family, SOCK_STREAM, 0);
    return connect(fd, &a->at.any, a->len) == 0;
}

static void test_tcp_is_reached_and_closed(void **state)
{
    (void)state;
    struct diag_address any = parse("127.0.0.1:0");
    struct diag_listener l;
    assert_ok(diag_listener_open(&any, &l));
    assert_int_equal(l.origin, DIAG_FROM_LOOPBACK);
    struct diag_address at = with_port_of(&l);
    assert_true(is_reached(&at));
    diag_listener_close(&l);
    assert_false(is_reached(&at));
    diag_listener_close(&l);
}

static void test_tcp_in_use_is_busy(void **state)
{
    (void)state;
    struct diag_address any = parse("127.0.0.1:0");
    struct diag_listener l;
    struct diag_listener second;
    assert_ok(diag_listener_open(&any, &l));
    struct diag_address at = with_port_of(&l);
    assert_fails(diag_listener_open(&at, &second), ERR_BUSY, "in use");
    diag_listener_close(&l);
}

static void test_every_address_is_of_the_network_and_takes_both_families(void **state)
{
    (void)state;
    struct diag_address any = parse(":0");
    struct diag_listener l;
    assert_ok(diag_listener_open(&any, &l));
    assert_int_equal(l.origin, DIAG_FROM_NETWORK);
    struct diag_address bound = with_port_of(&l);
    struct diag_address v4 = parse("127.0.0.1:0");
    v4.at.v4.sin_port =
        bound.at.any.sa_family == AF_INET6 ? bound.at.v6.sin6_port : bound.at.v4.sin_port;
    assert_true(is_reached(&v4));
    diag_listener_close(&l);
}

static void test_foreign_address_names_the_remedy(void **state)
{
    (void)state;
    struct diag_address a = parse("192.0.2.7:0");
    struct diag_listener l;
    struct err *e = diag_listener_open(&a, &l);
    assert_int_equal(err_code(e), ERR_UNAVAILABLE);
    assert_non_null(strstr(err_hint(e), "of this machine"));
    err_free(e);
}

static void test_https_is_tcp_that_is_to_be_decrypted(void **state)
{
    (void)state;
    struct diag_address a = parse("https://127.0.0.1:0");
    struct diag_listener l;
    assert_ok(diag_listener_open(&a, &l));
    assert_true(l.is_tls);
    assert_int_equal(l.origin, DIAG_FROM_LOOPBACK);
    diag_listener_close(&l);
    a = parse("127.0.0.1:0");
    assert_ok(diag_listener_open(&a, &l));
    assert_false(l.is_tls);
    diag_listener_close(&l);
}

static void test_unix_is_private_whatever_the_umask(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address a = socket_in(&tmp);
    struct diag_listener l;
    mode_t old = umask(0);
    assert_ok(diag_listener_open(&a, &l));
    umask(old);
    assert_int_equal(temp_dir_mode(&tmp, "diag.sock") & 0777, 0600);
    assert_int_equal(l.origin, DIAG_FROM_SOCKET);
    assert_true(is_reached(&a));
    diag_listener_close(&l);
    assert_false(temp_dir_has(&tmp, "diag.sock"));
}

static void test_unix_stale_socket_is_replaced(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address a = socket_in(&tmp);
    struct diag_listener l;
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, &a.at.any, a.len), 0);
    close(dead);
    assert_ok(diag_listener_open(&a, &l));
    assert_true(is_reached(&a));
    diag_listener_close(&l);
}

static void test_unix_live_socket_is_left_alone(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address a = socket_in(&tmp);
    struct diag_listener l;
    struct diag_listener second;
    assert_ok(diag_listener_open(&a, &l));
    assert_fails(diag_listener_open(&a, &second), ERR_BUSY, "another process listens");
    assert_true(is_reached(&a));
    diag_listener_close(&l);
}

static void test_unix_file_in_the_way_is_left_alone(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address a = socket_in(&tmp);
    struct diag_listener l;
    temp_dir_write(&tmp, "diag.sock", "precious");
    assert_fails(diag_listener_open(&a, &l), ERR_STORAGE, "no socket");
    CLEANUP(freep) char *left = temp_dir_read(&tmp, "diag.sock");
    assert_string_equal(left, "precious");
}

static void test_unix_close_keeps_what_another_put_there(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address a = socket_in(&tmp);
    struct diag_listener l;
    assert_ok(diag_listener_open(&a, &l));
    temp_dir_delete(&tmp, "diag.sock");
    temp_dir_write(&tmp, "diag.sock", "another's");
    diag_listener_close(&l);
    assert_true(temp_dir_has(&tmp, "diag.sock"));
}

static void test_unix_without_directory_names_it(void **state)
{
    (void)state;
    struct diag_address a = parse("unix:/nonexistent/diag.sock");
    struct diag_listener l;
    assert_fails(diag_listener_open(&a, &l), ERR_STORAGE, "directory '/nonexistent'");
}

static void test_systemd_names_are_looked_up(void **state)
{
    (void)state;
    int fd = -1;
    assert_ok(diag_listener_passed("diag", "7", "3", "a:diag:b", 7, &fd));
    assert_int_equal(fd, 4);
    assert_fails(diag_listener_passed("di", "7", "3", "a:diag:b", 7, &fd), ERR_CONFIG, "that name");
    assert_fails(diag_listener_passed("b", "7", "2", "a:diag:b", 7, &fd), ERR_CONFIG, "that name");
    assert_fails(diag_listener_passed("diag", "8", "3", "diag", 7, &fd), ERR_CONFIG, "no socket");
    assert_fails(diag_listener_passed("diag", NULL, "1", "diag", 7, &fd), ERR_CONFIG, "no socket");
    assert_fails(diag_listener_passed("diag", "7", "x", "diag", 7, &fd), ERR_CONFIG, "names");
    assert_fails(diag_listener_passed("diag", "7", "1", NULL, 7, &fd), ERR_CONFIG, "names");
}

/* Tells this process what systemd would: that `fd` is the one called "diag". */
static void pass(int fd)
{
    char number[16];
    char names[256] = "";
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    snprintf(number, sizeof(number), "%d", fd - 2);
    setenv("LISTEN_FDS", number, 1);
    memset(names, ':', (size_t)fd - 3);
    snprintf(names + fd - 3, sizeof(names) - (size_t)fd, "diag");
    setenv("LISTEN_FDNAMES", names, 1);
}

static void test_systemd_socket_is_used_and_not_removed(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct diag_address at = socket_in(&tmp);
    struct diag_address a = parse("systemd:diag");
    struct diag_listener l;
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, &at.at.any, at.len), 0);
    pass(fd);
    assert_fails(diag_listener_open(&a, &l), ERR_CONFIG, "does not listen");
    assert_int_equal(listen(fd, 1), 0);
    assert_ok(diag_listener_open(&a, &l));
    assert_int_equal(l.origin, DIAG_FROM_SOCKET);
    assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    diag_listener_close(&l);
    assert_true(temp_dir_has(&tmp, "diag.sock"));
    assert_true(is_reached(&at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_is_reached_and_closed),
        cmocka_unit_test(test_tcp_in_use_is_busy),
        cmocka_unit_test(test_every_address_is_of_the_network_and_takes_both_families),
        cmocka_unit_test(test_foreign_address_names_the_remedy),
        cmocka_unit_test(test_https_is_tcp_that_is_to_be_decrypted),
        cmocka_unit_test(test_unix_is_private_whatever_the_umask),
        cmocka_unit_test(test_unix_stale_socket_is_replaced),
        cmocka_unit_test(test_unix_live_socket_is_left_alone),
        cmocka_unit_test(test_unix_file_in_the_way_is_left_alone),
        cmocka_unit_test(test_unix_close_keeps_what_another_put_there),
        cmocka_unit_test(test_unix_without_directory_names_it),
        cmocka_unit_test(test_systemd_names_are_looked_up),
        cmocka_unit_test(test_systemd_socket_is_used_and_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
