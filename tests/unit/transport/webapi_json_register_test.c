/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi_json.h"

#include "tests/support/assert_err.h"

static void assert_body(const struct msg_register_request *m, const char *want)
{
    CLEANUP(secret_freep) struct secret *body = NULL;
    assert_ok(webapi_json_register(m, &body));
    assert_string_equal(secret_str(body), want);
}

static void test_body_of_a_join_has_the_protocol_s_members(void **state)
{
    const struct msg_register_request m = {
        .role = "Bot",
        .token = "abcdef0123456789",
        .public_tls_key = "-----BEGIN PUBLIC KEY-----\n",
        .public_ssh_key = "ssh-rsa AAAA",
        .expires = wall_of_unix(1767323045),
    };
    (void)state;
    assert_body(&m, "{\"hostID\":\"\",\"node_name\":\"\",\"role\":\"Bot\","
                    "\"token\":\"abcdef0123456789\","
                    "\"additional_principals\":[],\"dns_names\":[],"
                    "\"public_tls_key\":\"LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K\","
                    "\"public_ssh_key\":\"c3NoLXJzYSBBQUFB\",\"remote_addr\":\"\","
                    "\"expires\":\"2026-01-02T03:04:05Z\"}");
}

static void test_body_without_expiry_leaves_it_out(void **state)
{
    const struct msg_register_request m = {.token = "t"};
    (void)state;
    assert_body(&m, "{\"hostID\":\"\",\"node_name\":\"\",\"role\":\"\",\"token\":\"t\","
                    "\"additional_principals\":[],\"dns_names\":[],\"public_tls_key\":\"\","
                    "\"public_ssh_key\":\"\",\"remote_addr\":\"\"}");
}

static void test_body_with_a_jwt_has_it_beside_the_token_s_name(void **state)
{
    const struct msg_register_request m = {.token = "pods", .id_token = "e30.e30.c2ln"};
    CLEANUP(secret_freep) struct secret *body = NULL;
    (void)state;
    assert_ok(webapi_json_register(&m, &body));
    assert_non_null(strstr(secret_str(body), "\"token\":\"pods\","));
    assert_non_null(strstr(secret_str(body), ",\"id_token\":\"e30.e30.c2ln\"}"));
}

static void test_token_of_any_bytes_stays_one_string(void **state)
{
    const struct msg_register_request m = {.token = "a\"b\\c\n\x01\x1f/\x7fö"};
    CLEANUP(secret_freep) struct secret *body = NULL;
    (void)state;
    assert_ok(webapi_json_register(&m, &body));
    assert_non_null(
        strstr(secret_str(body), "\"token\":\"a\\\"b\\\\c\\u000a\\u0001\\u001f/\x7fö\",\"add"));
}

static void test_long_token_of_control_bytes_has_room(void **state)
{
    char token[2001];
    const struct msg_register_request m = {.token = token};
    CLEANUP(secret_freep) struct secret *body = NULL;
    (void)state;
    memset(token, '\x02', sizeof(token));
    token[sizeof(token) - 1] = '\0';
    assert_ok(webapi_json_register(&m, &body));
    assert_true(secret_bytes(body).len > 6 * strlen(token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_of_a_join_has_the_protocol_s_members),
        cmocka_unit_test(test_body_without_expiry_leaves_it_out),
        cmocka_unit_test(test_body_with_a_jwt_has_it_beside_the_token_s_name),
        cmocka_unit_test(test_token_of_any_bytes_stays_one_string),
        cmocka_unit_test(test_long_token_of_control_bytes_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
