/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_join.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void assert_encodes_to(const struct msg_join_request *m, const struct buf *wire)
{
    CLEANUP(secret_freep) struct secret *got = NULL;
    assert_ok(msg_join_request_encode(m, &got));
    assert_true(secret_equals(got, buf_bytes(wire)));
}

static void test_client_init_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf init = BUF_INIT(4096);
    wire_text(&init, 1, "token");
    wire_text(&init, 2, "the-token");
    wire_text(&init, 3, "Bot");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 1, &init);

    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    assert_ok(msg_join_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_CLIENT_INIT);
    assert_string_equal(m.join_method, "token");
    assert_string_equal(m.token_name, "the-token");
    assert_string_equal(m.system_role, "Bot");
    assert_string_equal(m.secret, "");
    assert_encodes_to(&m, &wire);
}

static void test_token_init_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf keys = BUF_INIT(4096);
    wire_bytes(&keys, 1, (struct bytes){(const uint8_t *)"\x30\x00\x01", 3});
    wire_bytes(&keys, 2, (struct bytes){(const uint8_t *)"\x00\x00\x00\x07", 4});
    CLEANUP(buf_release) struct buf time = BUF_INIT(64);
    wire_varint(&time, 1, 1700000000);
    CLEANUP(buf_release) struct buf bot = BUF_INIT(4096);
    wire_message(&bot, 1, &keys);
    wire_message(&bot, 2, &time);
    CLEANUP(buf_release) struct buf params = BUF_INIT(4096);
    wire_message(&params, 2, &bot);
    CLEANUP(buf_release) struct buf init = BUF_INIT(4096);
    wire_message(&init, 1, &params);
    wire_text(&init, 2, "s3cret");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 2, &init);

    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    assert_ok(msg_join_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_TOKEN_INIT);
    assert_int_equal(m.public_tls_key.len, 3);
    assert_memory_equal(m.public_tls_key.data, "\x30\x00\x01", 3);
    assert_int_equal(m.public_ssh_key.len, 4);
    assert_string_equal(m.secret, "s3cret");
    assert_true(m.expires.ns == wall_of_unix(1700000000).ns);
    assert_encodes_to(&m, &wire);
}

static void test_oidc_init_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf keys = BUF_INIT(4096);
    wire_bytes(&keys, 1, (struct bytes){(const uint8_t *)"\x30\x00\x01", 3});
    CLEANUP(buf_release) struct buf bot = BUF_INIT(4096);
    wire_message(&bot, 1, &keys);
    CLEANUP(buf_release) struct buf params = BUF_INIT(4096);
    wire_message(&params, 2, &bot);
    CLEANUP(buf_release) struct buf init = BUF_INIT(4096);
    wire_message(&init, 1, &params);
    wire_text(&init, 2, "e30.e30.c2ln");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 8, &init);

    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    assert_ok(msg_join_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_OIDC_INIT);
    assert_string_equal(m.id_token, "e30.e30.c2ln");
    assert_int_equal(m.public_tls_key.len, 3);
    assert_encodes_to(&m, &wire);
}

static void test_giving_up_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf giving_up = BUF_INIT(4096);
    wire_varint(&giving_up, 1, 1);
    wire_text(&giving_up, 2, "cannot");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 6, &giving_up);

    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    assert_ok(msg_join_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_GIVING_UP);
    assert_int_equal(m.reason, MSG_JOIN_GIVE_UP_METHOD);
    assert_string_equal(m.text, "cannot");
    assert_encodes_to(&m, &wire);
}

static void test_request_when_of_another_method_is_unknown(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 10, "a TPM's");
    CLEANUP(msg_join_request_release) struct msg_join_request m = {0};
    assert_ok(msg_join_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_REQUEST_UNKNOWN);
    struct secret *none = NULL;
    assert_fails(msg_join_request_encode(&m, &none), ERR_BUG, "no kind");
}

static void test_server_init_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf init = BUF_INIT(4096);
    wire_text(&init, 1, "token");
    wire_text(&init, 2, "balanced-v1");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 1, &init);

    CLEANUP(msg_join_response_release) struct msg_join_response m = {0};
    assert_ok(msg_join_response_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_SERVER_INIT);
    assert_string_equal(m.join_method, "token");
    assert_string_equal(m.suite, "balanced-v1");
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_join_response_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_result_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf certs = BUF_INIT(4096);
    wire_text(&certs, 1, "tls");
    wire_text(&certs, 2, "ca 1");
    wire_text(&certs, 2, "ca 2");
    wire_text(&certs, 3, "ssh");
    wire_text(&certs, 4, "key 1");
    CLEANUP(buf_release) struct buf bot = BUF_INIT(4096);
    wire_message(&bot, 1, &certs);
    CLEANUP(buf_release) struct buf result = BUF_INIT(4096);
    wire_message(&result, 2, &bot);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 3, &result);

    CLEANUP(msg_join_response_release) struct msg_join_response m = {0};
    assert_ok(msg_join_response_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_RESULT);
    assert_int_equal(m.tls_cert.len, 3);
    assert_int_equal(m.ssh_cert.len, 3);
    assert_int_equal(m.tls_cas.len, 2);
    assert_memory_equal(m.tls_cas.items[1].data, "ca 2", 4);
    assert_int_equal(m.ssh_keys.len, 1);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_join_response_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_response_when_a_challenge_is_unknown(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf nothing = BUF_INIT(16);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 2, &nothing);
    CLEANUP(msg_join_response_release) struct msg_join_response m = {0};
    assert_ok(msg_join_response_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.kind, MSG_JOIN_RESPONSE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_init_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_token_init_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_oidc_init_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_giving_up_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_request_when_of_another_method_is_unknown),
        cmocka_unit_test(test_server_init_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_result_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_response_when_a_challenge_is_unknown),
    };
    return cmocka_run_group_tests_name("proto/msg_join", tests, NULL, NULL);
}
