/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/rpc_metrics.h"

#include "proto/method.h"
#include "tests/support/assert_err.h"

static void test_method_of_ours_is_named_by_its_last_part(void **state)
{
    (void)state;
    assert_string_equal(rpc_metrics_method(METHOD_PING), "Ping");
    assert_string_equal(rpc_metrics_method(METHOD_GENERATE_USER_CERTS), "GenerateUserCerts");
    assert_string_equal(rpc_metrics_method(METHOD_GET_NETWORKING), "GetClusterNetworkingConfig");
    assert_string_equal(rpc_metrics_method(METHOD_GET_CERT_AUTHORITIES), "GetCertAuthorities");
}

static void test_method_of_nobody_is_other(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "/", "Ping", "/proto.AuthService/", "/x.Y/Ping"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_string_equal(rpc_metrics_method(paths[i]), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method_of_ours_is_named_by_its_last_part),
        cmocka_unit_test(test_method_of_nobody_is_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
