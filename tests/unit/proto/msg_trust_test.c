/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/msg_trust.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

static void add_key_set(struct buf *spec, unsigned field, const char *tls, const char *ssh)
{
    CLEANUP(buf_release) struct buf tls_pair = BUF_INIT(4096);
    wire_text(&tls_pair, 1, tls);
    CLEANUP(buf_release) struct buf ssh_pair = BUF_INIT(4096);
    wire_text(&ssh_pair, 1, ssh);
    CLEANUP(buf_release) struct buf set = BUF_INIT(4096);
    wire_message(&set, 1, &ssh_pair);
    wire_message(&set, 2, &tls_pair);
    wire_message(spec, field, &set);
}

static void build_ca(struct buf *wire)
{
    CLEANUP(buf_release) struct buf rotation = BUF_INIT(4096);
    wire_text(&rotation, 1, "in_progress");
    wire_text(&rotation, 2, "init");
    CLEANUP(buf_release) struct buf spec = BUF_INIT(4096);
    wire_text(&spec, 1, "host");
    wire_text(&spec, 2, "example");
    wire_message(&spec, 8, &rotation);
    add_key_set(&spec, 11, "tls old", "ssh old");
    add_key_set(&spec, 12, "tls new", "ssh new");
    wire_message(wire, 5, &spec);
}

static void assert_is_the_ca(const struct msg_ca *m)
{
    assert_string_equal(m->type, "host");
    assert_string_equal(m->cluster_name, "example");
    assert_int_equal(m->tls_certs.len, 2);
    assert_int_equal(m->n_active_tls, 1);
    assert_string_equal(m->tls_certs.items[0], "tls old");
    assert_string_equal(m->tls_certs.items[1], "tls new");
    assert_int_equal(m->ssh_keys.len, 2);
    assert_int_equal(m->n_active_ssh, 1);
    assert_string_equal(m->ssh_keys.items[0], "ssh old");
    assert_string_equal(m->ssh_keys.items[1], "ssh new");
    assert_string_equal(m->rotation_state, "in_progress");
    assert_string_equal(m->rotation_phase, "init");
}

static void test_ca_when_rotating_trusts_active_then_additional_keys(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    build_ca(&wire);
    CLEANUP(msg_ca_release) struct msg_ca m = {0};
    assert_ok(msg_ca_decode(buf_bytes(&wire), &m));
    assert_is_the_ca(&m);
}

static void test_ca_when_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    build_ca(&wire);
    CLEANUP(msg_ca_release) struct msg_ca m = {0};
    assert_ok(msg_ca_decode(buf_bytes(&wire), &m));
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_ca_encode(&m, &again));
    CLEANUP(msg_ca_release) struct msg_ca back = {0};
    assert_ok(msg_ca_decode(buf_bytes(&again), &back));
    assert_is_the_ca(&back);
}

static void test_ca_when_its_counts_are_wrong_is_a_bug(void **state)
{
    (void)state;
    struct msg_ca m = {.type = "host", .n_active_tls = 1};
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    assert_fails(msg_ca_encode(&m, &out), ERR_BUG, "active");
    struct msg_ca_list l = {.items = &m, .len = 1};
    assert_fails(msg_ca_list_encode(&l, &out), ERR_BUG, "active");
}

static void test_ca_when_empty_has_nothing(void **state)
{
    (void)state;
    CLEANUP(msg_ca_release) struct msg_ca m = {0};
    assert_ok(msg_ca_decode((struct bytes){0}, &m));
    assert_string_equal(m.cluster_name, "");
    assert_int_equal(m.tls_certs.len, 0);
    assert_string_equal(m.rotation_phase, "");
}

static void test_ca_list_when_on_the_wire_has_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf ca = BUF_INIT(4096);
    build_ca(&ca);
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_message(&wire, 1, &ca);
    wire_message(&wire, 1, &ca);
    CLEANUP(msg_ca_list_release) struct msg_ca_list m = {0};
    assert_ok(msg_ca_list_decode(buf_bytes(&wire), &m));
    assert_int_equal(m.len, 2);
    assert_is_the_ca(&m.items[1]);

    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_ca_list_encode(&m, &again));
    CLEANUP(msg_ca_list_release) struct msg_ca_list back = {0};
    assert_ok(msg_ca_list_decode(buf_bytes(&again), &back));
    assert_int_equal(back.len, 2);
    assert_is_the_ca(&back.items[0]);
}

static void test_requests_when_on_the_wire_have_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "host");
    wire_text(&wire, 2, "example");
    wire_varint(&wire, 3, 1);
    CLEANUP(msg_ca_request_release) struct msg_ca_request m = {0};
    assert_ok(msg_ca_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.type, "host");
    assert_string_equal(m.domain, "example");
    assert_true(m.include_key);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_ca_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

static void test_list_requests_when_on_the_wire_have_the_protocols_fields(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_text(&wire, 1, "db");
    wire_varint(&wire, 2, 1);
    CLEANUP(msg_ca_list_request_release) struct msg_ca_list_request m = {0};
    assert_ok(msg_ca_list_request_decode(buf_bytes(&wire), &m));
    assert_string_equal(m.type, "db");
    assert_true(m.include_key);
    CLEANUP(buf_release) struct buf again = BUF_INIT(4096);
    assert_ok(msg_ca_list_request_encode(&m, &again));
    wire_assert_equal(&again, &wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ca_when_rotating_trusts_active_then_additional_keys),
        cmocka_unit_test(test_ca_when_encoded_decodes_to_the_same),
        cmocka_unit_test(test_ca_when_its_counts_are_wrong_is_a_bug),
        cmocka_unit_test(test_ca_when_empty_has_nothing),
        cmocka_unit_test(test_ca_list_when_on_the_wire_has_the_protocols_fields),
        cmocka_unit_test(test_requests_when_on_the_wire_have_the_protocols_fields),
        cmocka_unit_test(test_list_requests_when_on_the_wire_have_the_protocols_fields),
    };
    return cmocka_run_group_tests_name("proto/msg_trust", tests, NULL, NULL);
}
