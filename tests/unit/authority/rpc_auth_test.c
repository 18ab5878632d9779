/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_cluster.h"
#include "proto/msg_trust.h"
#include "tests/unit/authority/world.h"

/* ---- Questions ---- */

static void test_ping_is_answered_to_anybody(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = world_call(w, METHOD_PING, NULL);
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply m = {0};
    world_assert_status(&r, 0, "");
    assert_ok(msg_ping_reply_decode(buf_bytes(&r.body), &m));
    assert_string_equal(m.cluster_name, "example");
    assert_string_equal(m.server_version, r.version);
    assert_int_equal(m.suite_number, SUITE_BALANCED_V1);
}

static void test_questions_need_a_certificate(void **state)
{
    struct world *w = *state;
    const char *const methods[] = {METHOD_GET_CURRENT_USER,     METHOD_GET_ROLE,
                                   METHOD_GENERATE_USER_CERTS,  METHOD_GET_CERT_AUTHORITY,
                                   METHOD_GET_CERT_AUTHORITIES, METHOD_LIST_REMOTE_CLUSTERS};
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        CLEANUP(client_reply_release) struct client_reply r = world_call(w, methods[i], NULL);
        world_assert_status(&r, 7, "no client certificate");
    }
}

static void test_rotation_is_seen_in_the_authorities(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_ca_request wanted = {.type = "host", .domain = "example"};
    assert_ok(msg_ca_request_encode(&wanted, &request));
    assert_ok(authority_rotate(w->authority, CA_HOST, NULL));
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_GET_CERT_AUTHORITY, &request);
    CLEANUP(msg_ca_release) struct msg_ca ca = {0};
    world_assert_status(&r, 0, "");
    assert_ok(msg_ca_decode(buf_bytes(&r.body), &ca));
    assert_string_equal(ca.rotation_phase, "init");
    assert_int_equal(ca.tls_certs.len, 2);
    assert_int_equal(ca.n_active_tls, 1);
    assert_int_equal(ca.ssh_keys.len, 2);
}

static void test_private_keys_are_not_given_away(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_ca_list_request wanted = {.type = "user", .include_key = true};
    assert_ok(msg_ca_list_request_encode(&wanted, &request));
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_GET_CERT_AUTHORITIES, &request);
    world_assert_status(&r, 7, "not given away");
}

static void test_leaf_clusters_and_roles_are_told(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_LIST_REMOTE_CLUSTERS, NULL);
    CLEANUP(msg_remote_clusters_release) struct msg_remote_clusters leaves = {0};
    world_assert_status(&r, 0, "");
    assert_ok(msg_remote_clusters_decode(buf_bytes(&r.body), &leaves));
    assert_int_equal(leaves.names.len, 1);
    assert_string_equal(leaves.names.items[0], "leaf");
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_role_request wanted = {.name = "bot-b"};
    assert_ok(msg_role_request_encode(&wanted, &request));
    CLEANUP(client_reply_release)
    struct client_reply role = world_call(w, METHOD_GET_ROLE, &request);
    CLEANUP(msg_role_release) struct msg_role m = {0};
    world_assert_status(&role, 0, "");
    assert_ok(msg_role_decode(buf_bytes(&role.body), &m));
    assert_string_equal(m.impersonate_roles.items[0], "access");
}

static void test_authorities_of_leaves_are_told_where_they_exist(void **state)
{
    struct world *w = *state;
    const struct {
        const char *type;
        size_t n;
    } kinds[] = {{"host", 2}, {"user", 2}, {"db", 1}, {"spiffe", 1}};
    world_join(w);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
        CLEANUP(msg_ca_list_release) struct msg_ca_list list = {0};
        const struct msg_ca_list_request wanted = {.type = kinds[i].type};
        assert_ok(msg_ca_list_request_encode(&wanted, &request));
        CLEANUP(client_reply_release)
        struct client_reply r = world_call(w, METHOD_GET_CERT_AUTHORITIES, &request);
        world_assert_status(&r, 0, "");
        assert_ok(msg_ca_list_decode(buf_bytes(&r.body), &list));
        assert_int_equal(list.len, kinds[i].n);
        assert_string_equal(list.items[0].cluster_name, "example");
        assert_string_equal(list.items[list.len - 1].cluster_name,
                            list.len > 1 ? "leaf" : "example");
        assert_int_equal(list.items[list.len - 1].tls_certs.len, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_VERSION(17, test_ping_is_answered_to_anybody),
        IN_VERSION(17, test_questions_need_a_certificate),
        IN_VERSION(17, test_rotation_is_seen_in_the_authorities),
        IN_VERSION(17, test_private_keys_are_not_given_away),
        IN_VERSION(17, test_leaf_clusters_and_roles_are_told),
        IN_VERSION(17, test_authorities_of_leaves_are_told_where_they_exist),
    };
    return cmocka_run_group_tests(tests, world_start, world_end);
}
