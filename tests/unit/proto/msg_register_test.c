/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_register.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void test_request_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf time = BUF_INIT(64);
    wire_varint(&time, 1, 1700000000);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 3, "Bot");
    wire_text(&wire, 4, "the-token");
    wire_text(&wire, 7, "PEM");
    wire_text(&wire, 8, "ssh-rsa AAAA");
    wire_message(&wire, 12, &time);

    CLEANUP(msg_register_request_release) struct msg_register_request m = {0};
    assert_ok(msg_register_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.role, "Bot");
    assert_string_equal(m.token, "the-token");
    assert_string_equal(m.public_tls_key, "PEM");
    assert_string_equal(m.public_ssh_key, "ssh-rsa AAAA");
    assert_true(m.expires.ns == wall_of_unix(1700000000).ns);

    CLEANUP(secret_freep) struct secret *again = NULL;
    assert_ok(msg_register_request_encode(&m, &again));
    assert_true(secret_equals(again, buf_bytes(&wire)));
}

static void test_request_when_no_expiry_is_wanted_leaves_it_out(void **state)
{
    (void)state;
    struct msg_register_request m = {.role = "Bot", .token = "t"};
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 3, "Bot");
    wire_text(&wire, 4, "t");
    CLEANUP(secret_freep) struct secret *got = NULL;
    assert_ok(msg_register_request_encode(&m, &got));
    assert_true(secret_equals(got, buf_bytes(&wire)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_request_when_no_expiry_is_wanted_leaves_it_out),
    };
    return cmocka_run_group_tests_name("proto/msg_register", tests, NULL, NULL);
}
