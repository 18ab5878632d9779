/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_tunnel.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void test_request_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf target = BUF_INIT(4096);
    wire_text(&target, 1, "node:22");
    wire_text(&target, 2, "example");
    CLEANUP(buf_release) struct buf frame = BUF_INIT(4096);
    wire_text(&frame, 1, "SSH-2.0-x");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 1, &target);
    wire_message(&wire, 2, &frame);

    CLEANUP(msg_proxy_ssh_request_release) struct msg_proxy_ssh_request m = {0};
    assert_ok(msg_proxy_ssh_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.host_port, "node:22");
    assert_string_equal(m.cluster, "example");
    assert_int_equal(m.ssh.len, 9);
    assert_memory_equal(m.ssh.data, "SSH-2.0-x", 9);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_proxy_ssh_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_request_when_it_only_has_data_names_no_target(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf frame = BUF_INIT(4096);
    wire_text(&frame, 1, "x");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 2, &frame);
    CLEANUP(buf_release) struct buf got = BUF_INIT(4096);
    struct msg_proxy_ssh_request m = {.ssh = bytes_of_str("x")};
    assert_ok(msg_proxy_ssh_request_encode(&m, &got));
    wire_assert_equal(&got, &wire);
}

static void test_reply_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf frame = BUF_INIT(4096);
    wire_bytes(&frame, 1, (struct bytes){(const uint8_t *)"\0\0\1", 3});
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 2, &frame);
    CLEANUP(msg_proxy_ssh_reply_release) struct msg_proxy_ssh_reply m = {0};
    assert_ok(msg_proxy_ssh_reply_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.ssh.len, 3);
    assert_memory_equal(m.ssh.data, "\0\0\1", 3);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_proxy_ssh_reply_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_reply_when_for_the_ssh_agent_is_no_data(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf frame = BUF_INIT(4096);
    wire_text(&frame, 1, "agent");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 3, &frame);
    CLEANUP(msg_proxy_ssh_reply_release) struct msg_proxy_ssh_reply m = {0};
    assert_ok(msg_proxy_ssh_reply_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.ssh.len, 0);
}

static void test_details_when_on_the_wire_have_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf details = BUF_INIT(4096);
    wire_varint(&details, 1, 1);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 1, &details);
    CLEANUP(msg_cluster_details_release) struct msg_cluster_details m = {0};
    assert_ok(msg_cluster_details_decode(buf_bytes(&wire), &m));
    assert_true(m.fips);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_cluster_details_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_request_when_it_only_has_data_names_no_target),
        cmocka_unit_test(test_reply_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_reply_when_for_the_ssh_agent_is_no_data),
        cmocka_unit_test(test_details_when_on_the_wire_have_the_protocols_fields),
    };
    return cmocka_run_group_tests_name("proto/msg_tunnel", tests, NULL, NULL);
}
