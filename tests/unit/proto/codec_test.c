/* SPDX-License-Identifier: Apache-2.0 */
/* What every decoder owes us, whatever the message: limits, clean text, and no harm from bad bytes.
 */
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"
#include "proto/msg_cluster.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"
#include "proto/msg_trust.h"
#include "proto/msg_tunnel.h"
#include "tests/support/assert_err.h"
#include "tests/support/wire.h"

#define DECODER(name)                                                                              \
    static struct err *try_##name(struct bytes in)                                                 \
    {                                                                                              \
        struct name m = {0};                                                                       \
        struct err *e = name##_decode(in, &m);                                                     \
        name##_release(&m);                                                                        \
        return e;                                                                                  \
    }
DECODER(msg_ping_reply)
DECODER(msg_cluster_ca)
DECODER(msg_user)
DECODER(msg_role_request)
DECODER(msg_role)
DECODER(msg_user_certs_request)
DECODER(msg_certs)
DECODER(msg_register_request)
DECODER(msg_join_request)
DECODER(msg_join_response)
DECODER(msg_ca_request)
DECODER(msg_ca_list_request)
DECODER(msg_ca)
DECODER(msg_ca_list)
DECODER(msg_remote_clusters_request)
DECODER(msg_remote_clusters)
DECODER(msg_networking)
DECODER(msg_proxy_ssh_request)
DECODER(msg_proxy_ssh_reply)
DECODER(msg_cluster_details)

static struct err *(*const decoders[])(struct bytes) = {
    try_msg_ping_reply,
    try_msg_cluster_ca,
    try_msg_user,
    try_msg_role_request,
    try_msg_role,
    try_msg_user_certs_request,
    try_msg_certs,
    try_msg_register_request,
    try_msg_join_request,
    try_msg_join_response,
    try_msg_ca_request,
    try_msg_ca_list_request,
    try_msg_ca,
    try_msg_ca_list,
    try_msg_networking,
    try_msg_remote_clusters_request,
    try_msg_proxy_ssh_reply,
    try_msg_remote_clusters,
    try_msg_cluster_details,
    try_msg_proxy_ssh_request,
};
#define N_DECODERS (sizeof(decoders) / sizeof(decoders[0]))

static struct err *decode_name(const void *name, size_t len)
{
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    wire_bytes(&wire, 1, (struct bytes){name, len});
    return try_msg_role_request(buf_bytes(&wire));
}

static void test_text_when_it_holds_a_nul_is_refused(void **state)
{
    (void)state;
    assert_fails(decode_name("bot-a\0b", 7), ERR_PROTOCOL, "role request: name: not text");
    assert_fails(decode_name("\0", 1), ERR_PROTOCOL, "not text");
}

static void test_text_when_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xC3",
        "\xC0\xAF",
        "\xE0\x80\xAF",
        "\xED\xA0\x80",
        "\xF4\x90\x80\x80",
        "\xF0\x80\x80\x80",
        "ok\xFF",
        "\xE2\x82",
        "\xF1\x80\x80",
        "\xC3\x28",
        "\xF8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(decode_name(bad[i], strlen(bad[i])), ERR_PROTOCOL, "not text");
}

static void test_text_when_utf8_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "plain",        "\xC3\xBC",         "\xE2\x82\xAC",     "\xED\x9F\xBF",
        "\xEF\xBF\xBF", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_ok(decode_name(good[i], strlen(good[i])));
}

static void test_message_when_too_long_is_refused(void **state)
{
    (void)state;
    CLEANUP(freep) uint8_t *data = calloc(1, MSG_MAX + 1);
    for (size_t i = 0; i < N_DECODERS; i++)
        assert_fails(decoders[i]((struct bytes){data, MSG_MAX + 1}), ERR_PROTOCOL, "more than");
}

static void test_list_when_too_long_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(MSG_MAX);
    for (size_t i = 0; i <= MSG_MAX_ITEMS; i++)
        wire_text(&wire, 3, "a certificate that is of no use, but long enough for the budget");
    assert_fails(try_msg_certs(buf_bytes(&wire)), ERR_PROTOCOL, "4097 entries");
}

static void test_message_when_made_of_empty_messages_runs_out_of_budget(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf nothing = BUF_INIT(16);
    while (wire.len + 2 <= MSG_MAX)
        wire_message(&wire, 1, &nothing);
    assert_fails(try_msg_ca_list(buf_bytes(&wire)), ERR_PROTOCOL, "too much memory");
}

static void test_message_when_of_the_wrong_wire_type_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(64);
    wire_varint(&wire, 1, 5);
    assert_fails(try_msg_ping_reply(buf_bytes(&wire)), ERR_PROTOCOL, "not a valid protobuf");
}

static void fill_in_samples(struct buf *wire)
{
    CLEANUP(buf_release) struct buf leaf = BUF_INIT(4096);
    wire_text(&leaf, 1, "one");
    wire_text(&leaf, 2, "two");
    CLEANUP(buf_release) struct buf node = BUF_INIT(4096);
    for (unsigned field = 1; field <= 14; field++)
        wire_message(&node, field, &leaf);
    for (unsigned field = 1; field <= 5; field++)
        wire_message(wire, field, &node);
}

/* A decoder may take or refuse bad bytes, but only with ERR_PROTOCOL; sanitizers watch the rest. */
static void decode_all(const uint8_t *data, size_t len)
{
    CLEANUP(freep) uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    for (size_t i = 0; i < N_DECODERS; i++) {
        struct err *e = decoders[i]((struct bytes){exact, len});
        if (e)
            assert_int_equal(err_code(e), ERR_PROTOCOL);
        err_free(e);
    }
}

static void test_message_when_cut_short_does_no_harm(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    fill_in_samples(&wire);
    for (size_t len = 0; len <= wire.len; len++)
        decode_all(wire.data, len);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void test_message_when_its_bytes_change_does_no_harm(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf wire = BUF_INIT(4096);
    fill_in_samples(&wire);
    uint32_t seed = 20260102;
    for (int round = 0; round < 3000; round++) {
        uint8_t mutated[4096];
        memcpy(mutated, wire.data, wire.len);
        for (uint32_t n = next_random(&seed) % 4 + 1; n > 0; n--)
            mutated[next_random(&seed) % wire.len] = (uint8_t)next_random(&seed);
        decode_all(mutated, wire.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_when_it_holds_a_nul_is_refused),
        cmocka_unit_test(test_text_when_not_utf8_is_refused),
        cmocka_unit_test(test_text_when_utf8_is_taken),
        cmocka_unit_test(test_message_when_too_long_is_refused),
        cmocka_unit_test(test_list_when_too_long_is_refused),
        cmocka_unit_test(test_message_when_made_of_empty_messages_runs_out_of_budget),
        cmocka_unit_test(test_message_when_of_the_wrong_wire_type_is_refused),
        cmocka_unit_test(test_message_when_cut_short_does_no_harm),
        cmocka_unit_test(test_message_when_its_bytes_change_does_no_harm),
    };
    return cmocka_run_group_tests_name("proto/codec", tests, NULL, NULL);
}
