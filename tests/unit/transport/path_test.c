/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum path_kind kind(bool is_proxy, uint16_t port)
{
    struct address a = {.host = "x", .port = port};
    return path_kind_of(is_proxy, &a);
}

static void test_ports_of_proxies_leave_an_auth_server_in_doubt(void **state)
{
    (void)state;
    assert_int_equal(kind(false, 3025), PATH_AUTH);
    assert_int_equal(kind(false, 443), PATH_UNKNOWN);
    assert_int_equal(kind(false, 3080), PATH_UNKNOWN);
    assert_int_equal(kind(true, 3025), PATH_PROXY);
}

static void test_known_kinds_have_one_way(void **state)
{
    (void)state;
    enum route routes[PATH_MAX_ROUTES];
    assert_int_equal(path_routes(&(struct path){.kind = PATH_AUTH}, routes), 1);
    assert_int_equal(routes[0], ROUTE_DIRECT);
    assert_int_equal(path_routes(&(struct path){.kind = PATH_PROXY}, routes), 1);
    assert_int_equal(routes[0], ROUTE_TLS_ROUTING);
}

static void test_what_worked_last_is_tried_first_even_when_suspect(void **state)
{
    (void)state;
    enum route routes[PATH_MAX_ROUTES];
    struct path p = {.kind = PATH_UNKNOWN};
    assert_int_equal(path_routes(&p, routes), 2);
    assert_int_equal(routes[0], ROUTE_TLS_ROUTING);
    path_worked(&p, ROUTE_DIRECT);
    path_failed(&p, ROUTE_TLS_ROUTING, ERR_TIMEOUT);
    assert_false(p.is_suspect);
    path_failed(&p, ROUTE_DIRECT, ERR_CANCELLED);
    assert_false(p.is_suspect);
    path_failed(&p, ROUTE_DIRECT, ERR_TIMEOUT);
    assert_true(p.is_suspect);
    path_routes(&p, routes);
    assert_int_equal(routes[0], ROUTE_DIRECT);
    assert_int_equal(routes[1], ROUTE_TLS_ROUTING);
    path_worked(&p, ROUTE_TLS_ROUTING);
    assert_false(p.is_suspect);
    path_routes(&p, routes);
    assert_int_equal(routes[0], ROUTE_TLS_ROUTING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_of_proxies_leave_an_auth_server_in_doubt),
        cmocka_unit_test(test_known_kinds_have_one_way),
        cmocka_unit_test(test_what_worked_last_is_tried_first_even_when_suspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
