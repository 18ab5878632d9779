/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_cluster.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void test_request_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_varint(&wire, 1, 100);
    wire_text(&wire, 2, "next");
    CLEANUP(msg_remote_clusters_request_release) struct msg_remote_clusters_request m = {0};
    assert_ok(msg_remote_clusters_request_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.page_size, 100);
    assert_string_equal(m.page_token, "next");
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_remote_clusters_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void add_cluster(struct buf *wire, const char *name)
{
    CLEANUP(buf_release) struct buf metadata = BUF_INIT(4096);
    wire_text(&metadata, 1, name);
    CLEANUP(buf_release) struct buf cluster = BUF_INIT(4096);
    wire_text(&cluster, 1, "remote_cluster");
    wire_message(&cluster, 4, &metadata);
    wire_message(wire, 1, &cluster);
}

static void test_clusters_when_on_the_wire_have_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    add_cluster(&wire, "leaf-a");
    add_cluster(&wire, "leaf-b");
    wire_text(&wire, 2, "more");
    CLEANUP(msg_remote_clusters_release) struct msg_remote_clusters m = {0};
    assert_ok(msg_remote_clusters_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.names.len, 2);
    assert_string_equal(m.names.items[0], "leaf-a");
    assert_string_equal(m.names.items[1], "leaf-b");
    assert_string_equal(m.next_page_token, "more");
}

static void test_clusters_when_encoded_decode_to_the_same(void **state)
{
    (void)state;
    char *names[] = {(char[]){"leaf-a"}, (char[]){"leaf-b"}, (char[]){"leaf-c"}};
    struct msg_remote_clusters m = {.names = {names, 3}, .next_page_token = ""};
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    assert_ok(msg_remote_clusters_encode(&m, &wire));
    CLEANUP(msg_remote_clusters_release) struct msg_remote_clusters back = {0};
    assert_ok(msg_remote_clusters_decode(buf_bytes(&wire), &back));
    assert_int_equal(back.names.len, 3);
    assert_string_equal(back.names.items[2], "leaf-c");
    assert_string_equal(back.next_page_token, "");
}

static void test_networking_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf spec = BUF_INIT(4096);
    wire_varint(&spec, 7, 1);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 5, &spec);
    CLEANUP(msg_networking_release) struct msg_networking m = {0};
    assert_ok(msg_networking_decode(buf_bytes(&wire), &m));
    assert_true(m.multiplexed);

    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_networking_encode(&(struct msg_networking){.multiplexed = true}, &again));
    CLEANUP(msg_networking_release) struct msg_networking back = {0};
    assert_ok(msg_networking_decode(buf_bytes(&again), &back));
    assert_true(back.multiplexed);
}

static void test_networking_when_separate_is_not_multiplexed(void **state)
{
    (void)state;
    CLEANUP(msg_networking_release) struct msg_networking m = {.multiplexed = true};
    assert_ok(msg_networking_decode((struct bytes){0}, &m));
    assert_false(m.multiplexed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_clusters_when_on_the_wire_have_the_protocols_fields),
        cmocka_unit_test(test_clusters_when_encoded_decode_to_the_same),
        cmocka_unit_test(test_networking_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_networking_when_separate_is_not_multiplexed),
    };
    return cmocka_run_group_tests_name("proto/msg_cluster", tests, NULL, NULL);
}
