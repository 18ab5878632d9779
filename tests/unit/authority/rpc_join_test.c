/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rpc.h"

#include "authority/pubkey.h"
#include "identity/pki/ossl.h"
#include "proto/method.h"
#include "proto/msg_join.h"
#include "tests/unit/authority/world.h"

#include <openssl/x509_vfy.h>

/* ---- Joining and renewing ---- */

static void test_join_then_renewals_count_up(void **state)
{
    struct world *w = *state;
    world_join(w);
    for (int64_t generation = 2; generation < 6; generation++) {
        CLEANUP(client_reply_release) struct client_reply r = world_renew(w);
        CLEANUP(credentials_freep) struct credentials *c = world_accept(&r);
        assert_int_equal(credentials_subject(c)->generation, generation);
        assert_true(credentials_subject(c)->renewable);
        assert_int_equal(credentials_tls_cas(c)->len, 2);
        assert_int_equal(wall_diff(credentials_not_after(c), fake_clock_wall(&w->time)).ns,
                         dur_s(600).ns);
        world_become(w, credentials_tls_pem(c));
        assert_int_equal(world_own_generation(w), generation);
    }
}

static void test_join_token_is_good_once(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply role = world_register(w, "t", "Node");
    world_assert_status(&role, 3, "does not allow role 'Node'");
    CLEANUP(client_reply_release) struct client_reply first = world_register(w, "t", "Bot");
    world_assert_status(&first, 0, "");
    CLEANUP(client_reply_release) struct client_reply second = world_register(w, "t", "Bot");
    world_assert_status(&second, 7, "expired or not found");
    assert_int_equal(second.body.len, 0);
}

static void test_renew_with_stale_certificate_locks(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(client_reply_release) struct client_reply lost = world_renew(w);
    world_assert_status(&lost, 0, "");
    /* One generation behind it may still ask how far things are. */
    assert_int_equal(world_own_generation(w), 2);
    CLEANUP(client_reply_release) struct client_reply again = world_renew(w);
    world_assert_status(&again, 7, "generation mismatch");
    CLEANUP(client_reply_release) struct client_reply locked = world_call(w, METHOD_PING, NULL);
    world_assert_status(&locked, 7, "lock targeting User:\"bot-b\" is in force");
    CLEANUP(client_reply_release)
    struct client_reply asked = world_call(w, METHOD_GET_CURRENT_USER, NULL);
    world_assert_status(&asked, 7, "is in force");
}

static void test_renew_without_usable_key_costs_a_generation(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(client_reply_release)
    struct client_reply r =
        world_generate(w, (struct msg_user_certs_request){.ssh_public_key = "x"});
    world_assert_status(&r, 2, "ssh: no key found");
    assert_int_equal(world_own_generation(w), 2);
}

static void test_version_15_reads_the_old_key_field_only(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply none = world_register(w, "t", "Bot");
    world_assert_status(&none, 12, "unknown method");
    const struct authority_join by_http = {
        .token = "t", .role = "Bot", .tls_key = key_evp(world_key)};
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    struct authority_join join15 = by_http;
    assert_ok(key_public_ssh_blob(world_key, &blob));
    join15.ssh_key = buf_bytes(&blob);
    assert_ok(authority_join(w->authority, &join15, &made));
    world_become(w, buf_str(&made.tls));
    CLEANUP(client_reply_release) struct client_reply wrong = world_renew(w);
    world_assert_status(&wrong, 2, "ssh: no key found");
    assert_string_equal(wrong.version, "");
    assert_int_equal(world_own_generation(w), 2);
}

static void test_version_15_renews_with_one_key_for_both(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    assert_ok(key_public_ssh_blob(world_key, &blob));
    const struct authority_join by_http = {
        .token = "t", .role = "Bot", .ssh_key = buf_bytes(&blob), .tls_key = key_evp(world_key)};
    assert_ok(authority_join(w->authority, &by_http, &made));
    world_become(w, buf_str(&made.tls));
    CLEANUP(client_reply_release)
    struct client_reply r =
        world_generate(w, (struct msg_user_certs_request){.public_key = buf_str(&w->line)});
    CLEANUP(credentials_freep) struct credentials *c = world_accept(&r);
    assert_int_equal(credentials_subject(c)->generation, 2);
    assert_null(credentials_subject(c)->bot_instance);
}

/* ---- The join of version 18 ---- */

static struct client_reply join_stream(struct world *w, const char *token)
{
    CLEANUP(secret_freep) struct secret *first = NULL;
    CLEANUP(secret_freep) struct secret *second = NULL;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(ossl_freep) unsigned char *der = NULL;
    int len = i2d_PUBKEY(key_evp(world_key), &der);
    assert_ok(key_public_ssh_blob(world_key, &blob));
    const struct msg_join_request init = {
        .kind = MSG_JOIN_CLIENT_INIT, .token_name = token, .system_role = "Bot"};
    const struct msg_join_request keys = {.kind = MSG_JOIN_TOKEN_INIT,
                                          .public_tls_key = {der, (size_t)len},
                                          .public_ssh_key = buf_bytes(&blob)};
    assert_ok(msg_join_request_encode(&init, &first));
    assert_ok(msg_join_request_encode(&keys, &second));
    const struct bytes both[] = {secret_bytes(first), secret_bytes(second)};
    return client_stream(w->client, METHOD_JOIN, both, 2);
}

static void test_join_stream_gives_certificates(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = join_stream(w, "t");
    CLEANUP(msg_join_response_release) struct msg_join_response m = {.kind = 0};
    CLEANUP(x509_freep) X509 *cert = NULL;
    world_assert_status(&r, 0, "");
    assert_ok(msg_join_response_decode(buf_bytes(&r.body), &m));
    assert_int_equal(m.kind, MSG_JOIN_RESULT);
    assert_int_equal(m.tls_cas.len, 2);
    assert_int_equal(m.ssh_keys.len, 2);
    const unsigned char *at = m.tls_cert.data;
    cert = d2i_X509(NULL, &at, (long)m.tls_cert.len);
    assert_non_null(cert);
    assert_int_equal(X509_check_private_key(cert, key_evp(world_key)), 1);
    assert_int_equal(authority_verify_client(w->authority, cert), X509_V_OK);
}

static void test_join_stream_with_wrong_token_ends_at_once(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = join_stream(w, "wrong");
    world_assert_status(&r, 7, "expired or not found");
    assert_int_equal(r.body.len, 0);
}

/* ---- Outputs ---- */

static void test_impersonation_gives_what_was_allowed(void **state)
{
    struct world *w = *state;
    world_join(w);
    char *names[] = {(char[]){"access"}};
    struct msg_user_certs_request wanted = {.ssh_public_key = buf_str(&w->line),
                                            .tls_public_key = buf_str(&w->pem),
                                            .use_role_requests = true,
                                            .role_requests = {names, 1},
                                            .route_to_cluster = "leaf"};
    CLEANUP(client_reply_release) struct client_reply r = world_generate(w, wanted);
    CLEANUP(credentials_freep) struct credentials *c = world_accept(&r);
    assert_true(credentials_subject(c)->disallow_reissue);
    assert_string_equal(credentials_subject(c)->roles->items[0], "access");
    assert_int_equal(credentials_tls_cas(c)->len, 1);
    assert_int_equal(world_own_generation(w), 1);
    names[0] = (char[]){"admin"};
    CLEANUP(client_reply_release) struct client_reply denied = world_generate(w, wanted);
    world_assert_status(&denied, 7, "\"admin\"");
    world_become(w, credentials_tls_pem(c));
    CLEANUP(client_reply_release) struct client_reply reissued = world_generate(w, wanted);
    world_assert_status(&reissued, 7, "cannot be reissued");
}

static void test_certificates_of_somebody_else_are_denied(void **state)
{
    struct world *w = *state;
    world_join(w);
    CLEANUP(client_reply_release)
    struct client_reply r =
        world_generate(w, (struct msg_user_certs_request){.username = "bot-other"});
    world_assert_status(&r, 7, "\"bot-other\"");
    assert_int_equal(world_own_generation(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_VERSION(17, test_join_then_renewals_count_up),
        IN_VERSION(17, test_join_token_is_good_once),
        IN_VERSION(17, test_renew_with_stale_certificate_locks),
        IN_VERSION(17, test_renew_without_usable_key_costs_a_generation),
        IN_VERSION(15, test_version_15_reads_the_old_key_field_only),
        IN_VERSION(15, test_version_15_renews_with_one_key_for_both),
        IN_VERSION(18, test_join_stream_gives_certificates),
        IN_VERSION(18, test_join_stream_with_wrong_token_ends_at_once),
        IN_VERSION(17, test_impersonation_gives_what_was_allowed),
        IN_VERSION(17, test_certificates_of_somebody_else_are_denied),
    };
    return cmocka_run_group_tests(tests, world_start, world_end);
}
