/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_auth.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void test_ping_reply_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "example");
    wire_text(&wire, 2, "18.2.0");
    wire_text(&wire, 4, "proxy.example:443");
    wire_varint(&wire, 9, 2);

    CLEANUP(msg_ping_reply_release) struct msg_ping_reply m = {0};
    assert_ok(msg_ping_reply_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.cluster_name, "example");
    assert_string_equal(m.server_version, "18.2.0");
    assert_string_equal(m.proxy_public_addr, "proxy.example:443");
    assert_int_equal(m.suite_number, 2);

    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_ping_reply_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_ping_reply_when_empty_has_empty_texts(void **state)
{
    (void)state;
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply m = {0};
    assert_ok(msg_ping_reply_decode((struct bytes){0}, &m));
    assert_string_equal(m.cluster_name, "");
    assert_string_equal(m.server_version, "");
    assert_int_equal(m.suite_number, 0);
}

static void test_ping_reply_when_it_has_unknown_fields_ignores_them(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "example");
    wire_text(&wire, 3, "features");
    wire_text(&wire, 10, "licence");
    wire_varint(&wire, 4000, 7);
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply m = {0};
    assert_ok(msg_ping_reply_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.cluster_name, "example");
}

static void test_cluster_ca_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "-----BEGIN CERTIFICATE-----\n");
    CLEANUP(msg_cluster_ca_release) struct msg_cluster_ca m = {0};
    assert_ok(msg_cluster_ca_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.tls_ca, "-----BEGIN CERTIFICATE-----\n");
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_cluster_ca_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void add_label(struct buf *metadata, const char *key, const char *value)
{
    CLEANUP(buf_release) struct buf label = BUF_INIT(4096);
    if (key)
        wire_text(&label, 1, key);
    if (value)
        wire_text(&label, 2, value);
    wire_message(metadata, 5, &label);
}

static void test_user_when_it_has_labels_finds_the_last_of_a_name(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf metadata = BUF_INIT(4096);
    wire_text(&metadata, 1, "bot-robot");
    add_label(&metadata, MSG_LABEL_BOT_GENERATION, "3");
    add_label(&metadata, "no value", NULL);
    add_label(&metadata, MSG_LABEL_BOT_GENERATION, "4");
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "user");
    wire_message(&wire, 4, &metadata);

    CLEANUP(msg_user_release) struct msg_user m = {0};
    assert_ok(msg_user_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.name, "bot-robot");
    assert_string_equal(msg_user_label(&m, MSG_LABEL_BOT_GENERATION), "4");
    assert_string_equal(msg_user_label(&m, "no value"), "");
    assert_null(msg_user_label(&m, "other"));
}

static void test_user_when_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    struct msg_label labels[] = {{"a", "1"}, {MSG_LABEL_BOT_GENERATION, "12"}};
    struct msg_user m = {.name = "bot-robot", .labels = labels, .n_labels = 2};
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    assert_ok(msg_user_encode(&m, &wire));
    CLEANUP(msg_user_release) struct msg_user back = {0};
    assert_ok(msg_user_decode(buf_bytes(&wire), &back));
    assert_string_equal(back.name, "bot-robot");
    assert_int_equal(back.n_labels, 2);
    assert_string_equal(msg_user_label(&back, "a"), "1");
    assert_string_equal(msg_user_label(&back, MSG_LABEL_BOT_GENERATION), "12");
}

static void test_user_when_it_has_no_metadata_is_nameless(void **state)
{
    (void)state;
    CLEANUP(msg_user_release) struct msg_user m = {0};
    assert_ok(msg_user_decode((struct bytes){0}, &m));
    assert_string_equal(m.name, "");
    assert_null(msg_user_label(&m, MSG_LABEL_BOT_GENERATION));
}

static void test_role_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf impersonate = BUF_INIT(4096);
    wire_text(&impersonate, 2, "access");
    wire_text(&impersonate, 2, "editor");
    CLEANUP(buf_release) struct buf allow = BUF_INIT(4096);
    wire_message(&allow, 14, &impersonate);
    CLEANUP(buf_release) struct buf spec = BUF_INIT(4096);
    wire_message(&spec, 2, &allow);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 5, &spec);

    CLEANUP(msg_role_release) struct msg_role m = {0};
    assert_ok(msg_role_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.impersonate_roles.len, 2);
    assert_string_equal(m.impersonate_roles.items[0], "access");
    assert_string_equal(m.impersonate_roles.items[1], "editor");
}

static void test_role_when_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    char *roles[] = {(char[]){"one"}, (char[]){"two"}};
    struct msg_role m = {.name = "bot-robot", .impersonate_roles = {roles, 2}};
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    assert_ok(msg_role_encode(&m, &wire));
    CLEANUP(msg_role_release) struct msg_role back = {0};
    assert_ok(msg_role_decode(buf_bytes(&wire), &back));
    assert_string_equal(back.name, "bot-robot");
    assert_int_equal(back.impersonate_roles.len, 2);
    assert_string_equal(back.impersonate_roles.items[1], "two");
}

static void test_role_request_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "bot-robot");
    CLEANUP(msg_role_request_release) struct msg_role_request m = {0};
    assert_ok(msg_role_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.name, "bot-robot");
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_role_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ping_reply_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_ping_reply_when_empty_has_empty_texts),
        cmocka_unit_test(test_ping_reply_when_it_has_unknown_fields_ignores_them),
        cmocka_unit_test(test_cluster_ca_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_user_when_it_has_labels_finds_the_last_of_a_name),
        cmocka_unit_test(test_user_when_encoded_decodes_to_the_same),
        cmocka_unit_test(test_user_when_it_has_no_metadata_is_nameless),
        cmocka_unit_test(test_role_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_role_when_encoded_decodes_to_the_same),
        cmocka_unit_test(test_role_request_when_on_the_wire_has_the_protocols_fields),
    };
    return cmocka_run_group_tests_name("proto/msg_auth", tests, NULL, NULL);
}
