/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls.h"

#include "proto/method.h"
#include "proto/msg_auth.h"
#include "tests/unit/authority/world.h"

#include <openssl/x509_vfy.h>

#define CALL_MS 10000
#define UNANSWERED_MS 50

static void test_unknown_method_is_unimplemented(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = world_call(w, "/x.Y/Z", NULL);
    world_assert_status(&r, 12, "/x.Y/Z");
    /* Known, but not to version 17. */
    CLEANUP(client_reply_release) struct client_reply newer = world_call(w, METHOD_JOIN, NULL);
    world_assert_status(&newer, 12, "Join");
}

static void test_client_version_too_old_is_refused(void **state)
{
    struct world *w = *state;
    const struct {
        const char *version;
        int status;
    } said[] = {{"17.4.2", 0}, {"16.0.0", 0}, {"18.0.0-dev", 0}, {"15.9.9", 7},
                {"0.1.0", 7},  {"newest", 7}, {"17.4", 7},       {"17.4.2x", 7}};
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        const struct bytes none = {NULL, 0};
        CLEANUP(client_reply_release)
        struct client_reply r = client_call(w->client, METHOD_PING, said[i].version, none, CALL_MS);
        world_assert_status(&r, said[i].status,
                            said[i].status ? "client version is unsupported" : "");
    }
}
static void test_garbage_is_refused(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf garbage = BUF_INIT(64);
    assert_ok(buf_add_str(&garbage, "\xff\xff\xff\xff"));
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_REGISTER_USING_TOKEN, &garbage);
    world_assert_status(&r, 3, "");
    CLEANUP(client_reply_release) struct client_reply alive = world_call(w, METHOD_PING, NULL);
    world_assert_status(&alive, 0, "");
}

static void test_message_too_large_is_refused(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf large = BUF_INIT((size_t)1 << 20);
    uint8_t *at = NULL;
    assert_ok(buf_reserve(&large, (size_t)512 * 1024, &at));
    memset(at, 0, (size_t)512 * 1024);
    buf_commit(&large, (size_t)512 * 1024);
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_REGISTER_USING_TOKEN, &large);
    assert_int_not_equal(r.status, 0);
    CLEANUP(client_reply_release) struct client_reply alive = world_call(w, METHOD_PING, NULL);
    world_assert_status(&alive, 0, "");
}

/* ---- Faults ---- */

static void test_fault_error_carries_nothing_out(void **state)
{
    struct world *w = *state;
    world_join(w);
    world_command(w, "error RESOURCE_EXHAUSTED \"slow down\" method GenerateUserCerts count 1");
    CLEANUP(client_reply_release) struct client_reply r = world_renew(w);
    world_assert_status(&r, 8, "slow down");
    assert_int_equal(world_own_generation(w), 1);
    CLEANUP(client_reply_release) struct client_reply next = world_renew(w);
    world_assert_status(&next, 0, "");
}

static void test_fault_cut_happens_after_the_commit(void **state)
{
    struct world *w = *state;
    world_join(w);
    world_command(w, "cut-mid-reply method GenerateUserCerts count 1");
    CLEANUP(buf_release) struct buf request = BUF_INIT(65536);
    const struct msg_user_certs_request m = {
        .username = "bot-b",
        .ssh_public_key = buf_str(&w->line),
        .tls_public_key = buf_str(&w->pem),
        .expires = wall_add(fake_clock_wall(&w->time), dur_s(600)),
    };
    assert_ok(msg_user_certs_request_encode(&m, &request));
    CLEANUP(client_reply_release)
    struct client_reply r =
        client_call(w->client, METHOD_GENERATE_USER_CERTS, NULL, buf_bytes(&request), CALL_MS);
    world_assert_status(&r, 14, "");
    assert_int_equal(r.body.len, 0);
    assert_int_equal(atomic_load(&w->n_cuts), 1);
    world_reconnect(w);
    assert_int_equal(world_own_generation(w), 2);
}

static void test_fault_of_renewals_spares_outputs(void **state)
{
    struct world *w = *state;
    world_join(w);
    char *names[] = {(char[]){"access"}};
    world_command(w, "error UNAVAILABLE busy method renewal count 1");
    CLEANUP(client_reply_release)
    struct client_reply output =
        world_generate(w, (struct msg_user_certs_request){.ssh_public_key = buf_str(&w->line),
                                                          .tls_public_key = buf_str(&w->pem),
                                                          .use_role_requests = true,
                                                          .role_requests = {names, 1}});
    world_assert_status(&output, 0, "");
    CLEANUP(client_reply_release) struct client_reply renewal = world_renew(w);
    world_assert_status(&renewal, 14, "busy");
}

static void test_fault_hang_holds_one_call_and_not_the_others(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    world_command(w, "hang method Ping count 1");
    CLEANUP(client_reply_release)
    struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
    world_assert_status(&r, 4, "");
    CLEANUP(client_reply_release) struct client_reply next = world_call(w, METHOD_PING, NULL);
    world_assert_status(&next, 0, "");
}

static void test_fault_slow_answers_later(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    world_command(w, "slow 600000 method Ping count 1");
    CLEANUP(client_reply_release)
    struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
    world_assert_status(&r, 4, "");
    world_command(w, "slow 1 method Ping count 1");
    CLEANUP(client_reply_release) struct client_reply next = world_call(w, METHOD_PING, NULL);
    world_assert_status(&next, 0, "");
}

static void test_fault_wrong_message_is_no_message(void **state)
{
    struct world *w = *state;
    world_command(w, "wrong-message count 1");
    CLEANUP(client_reply_release) struct client_reply r = world_call(w, METHOD_PING, NULL);
    struct msg_ping_reply m = {0};
    world_assert_status(&r, 0, "");
    assert_fails(msg_ping_reply_decode(buf_bytes(&r.body), &m), ERR_PROTOCOL, "");
}

static void test_fault_expire_and_ttl_and_skew_shape_the_certificate(void **state)
{
    struct world *w = *state;
    struct wall now = fake_clock_wall(&w->time);
    world_command(w, "ttl 30");
    world_join(w);
    CLEANUP(client_reply_release) struct client_reply capped = world_renew(w);
    CLEANUP(credentials_freep) struct credentials *c = world_accept(&capped);
    assert_int_equal(wall_diff(credentials_not_after(c), now).ns, dur_s(30).ns);
    world_become(w, credentials_tls_pem(c));
    authority_clear_faults(w->authority);
    world_command(w, "clock-skew 120");
    CLEANUP(client_reply_release) struct client_reply skewed = world_renew(w);
    CLEANUP(credentials_freep) struct credentials *s = world_accept(&skewed);
    assert_int_equal(wall_diff(credentials_not_before(s), now).ns, dur_s(60).ns);
    world_become(w, credentials_tls_pem(s));
    authority_clear_faults(w->authority);
    world_command(w, "expire count 1");
    CLEANUP(client_reply_release) struct client_reply expired = world_renew(w);
    CLEANUP(credentials_freep) struct credentials *e = world_accept(&expired);
    assert_true(credentials_expired(e, now));
    assert_int_equal(authority_verify_client(w->authority, credentials_cert(e)),
                     X509_V_ERR_CERT_HAS_EXPIRED);
}

/* Ended with a call held: nothing may be left behind, as LeakSanitizer sees. */
static void test_end_with_held_calls_leaves_nothing(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    world_command(w, "hang method Ping");
    world_command(w, "slow 600000");
    for (int i = 0; i < 3; i++) {
        CLEANUP(client_reply_release)
        struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
        assert_int_equal(r.status, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_VERSION(17, test_unknown_method_is_unimplemented),
        IN_VERSION(17, test_client_version_too_old_is_refused),
        IN_VERSION(17, test_garbage_is_refused),
        IN_VERSION(17, test_message_too_large_is_refused),
        IN_VERSION(17, test_fault_error_carries_nothing_out),
        IN_VERSION(17, test_fault_cut_happens_after_the_commit),
        IN_VERSION(17, test_fault_of_renewals_spares_outputs),
        IN_VERSION(17, test_fault_hang_holds_one_call_and_not_the_others),
        IN_VERSION(17, test_fault_slow_answers_later),
        IN_VERSION(17, test_fault_wrong_message_is_no_message),
        IN_VERSION(17, test_fault_expire_and_ttl_and_skew_shape_the_certificate),
        IN_VERSION(17, test_end_with_held_calls_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, world_start, world_end);
}
