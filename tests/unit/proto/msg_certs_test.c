/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_certs.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void add_time(struct buf *b, unsigned field, uint64_t seconds, uint64_t nanos)
{
    CLEANUP(buf_release) struct buf t = BUF_INIT(64);
    wire_varint(&t, 1, seconds);
    if (nanos)
        wire_varint(&t, 2, nanos);
    wire_message(b, field, &t);
}

static void test_request_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "ssh-rsa AAAA");
    wire_text(&wire, 2, "bot-robot");
    add_time(&wire, 3, 1700000000, 5);
    wire_text(&wire, 5, "example");
    wire_text(&wire, 12, "access");
    wire_varint(&wire, 14, 1);
    wire_text(&wire, 22, "ssh-ed25519 AAAA");
    wire_text(&wire, 23, "-----BEGIN PUBLIC KEY-----");

    CLEANUP(msg_user_certs_request_release) struct msg_user_certs_request m = {0};
    assert_ok(msg_user_certs_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.public_key, "ssh-rsa AAAA");
    assert_string_equal(m.username, "bot-robot");
    assert_true(m.expires.ns == INT64_C(1700000000000000005));
    assert_string_equal(m.route_to_cluster, "example");
    assert_int_equal(m.role_requests.len, 1);
    assert_string_equal(m.role_requests.items[0], "access");
    assert_true(m.use_role_requests);
    assert_string_equal(m.ssh_public_key, "ssh-ed25519 AAAA");
    assert_string_equal(m.tls_public_key, "-----BEGIN PUBLIC KEY-----");

    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_user_certs_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_request_when_a_renewal_has_nothing_but_its_fields(void **state)
{
    (void)state;
    struct msg_user_certs_request m = {
        .public_key = "k",
        .username = "u",
        .expires = wall_of_unix(100),
    };
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "k");
    wire_text(&wire, 2, "u");
    add_time(&wire, 3, 100, 0);
    CLEANUP(buf_release) struct buf got = BUF_INIT(4096);
    assert_ok(msg_user_certs_request_encode(&m, &got));
    wire_assert_equal(&got, &wire);
}

static struct wall expires_of(uint64_t seconds)
{
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    add_time(&wire, 3, seconds, 0);
    CLEANUP(msg_user_certs_request_release) struct msg_user_certs_request m = {0};
    assert_ok(msg_user_certs_request_decode(buf_bytes(&wire), &m));
    return m.expires;
}

static void test_time_when_gos_zero_is_none(void **state)
{
    (void)state;
    assert_true(expires_of((uint64_t)INT64_C(-62135596800)).ns == WALL_NONE.ns);
}

static void test_time_when_beyond_our_range_saturates(void **state)
{
    (void)state;
    assert_true(expires_of((uint64_t)INT64_MAX).ns == WALL_NEVER.ns);
    assert_true(expires_of(9223372036).ns == WALL_NEVER.ns);
    assert_true(expires_of(9223372035).ns == INT64_C(9223372035000000000));
}

static void test_time_when_its_nanoseconds_are_wrong_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    add_time(&wire, 3, 1, 1000000000);
    struct msg_user_certs_request m = {0};
    assert_fails(msg_user_certs_request_decode(buf_bytes(&wire), &m), ERR_PROTOCOL, "expiry");
    assert_null(m.memory);
}

static void test_certs_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "ssh-rsa-cert-v01@openssh.com AAAA");
    wire_text(&wire, 2, "PEM");
    wire_text(&wire, 3, "CA 1");
    wire_text(&wire, 3, "CA 2");
    wire_text(&wire, 4, "ssh-rsa AAAA");

    CLEANUP(msg_certs_release) struct msg_certs m = {0};
    assert_ok(msg_certs_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.ssh, "ssh-rsa-cert-v01@openssh.com AAAA");
    assert_string_equal(m.tls, "PEM");
    assert_int_equal(m.tls_cas.len, 2);
    assert_string_equal(m.tls_cas.items[1], "CA 2");
    assert_int_equal(m.ssh_cas.len, 1);

    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_certs_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_certs_when_the_output_is_too_small_fails(void **state)
{
    (void)state;
    struct msg_certs m = {.ssh = "0123456789"};
    CLEANUP(buf_release) struct buf small = BUF_INIT(8);
    assert_fails(msg_certs_encode(&m, &small), ERR_REJECTED, "certificates");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_request_when_a_renewal_has_nothing_but_its_fields),
        cmocka_unit_test(test_time_when_gos_zero_is_none),
        cmocka_unit_test(test_time_when_beyond_our_range_saturates),
        cmocka_unit_test(test_time_when_its_nanoseconds_are_wrong_is_refused),
        cmocka_unit_test(test_certs_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_certs_when_the_output_is_too_small_fails),
    };
    return cmocka_run_group_tests_name("proto/msg_certs", tests, NULL, NULL);
}
