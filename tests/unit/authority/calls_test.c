/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls.h"

#include "authority/pubkey.h"
#include "authority/say.h"
#include "authority/state.h"
#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"
#include "proto/msg_cluster.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"
#include "proto/msg_trust.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_entropy.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/authority/client.h"

#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include <stdio.h>

#define CALL_MS 10000
#define UNANSWERED_MS 50

/* A cluster with the bot "b" and the token "t", and a client that is nobody yet. */
struct world {
    struct fake_clock time;
    struct fake_entropy dice;
    struct temp_dir dir;
    struct authority *authority;
    struct peer peer;
    struct client *client;
    struct key *key;
    struct buf line, pem; /* the key's public half */
    atomic_int n_cuts;
};

static struct key *shared_key; /* one for all: RSA is slow */

/* So is a cluster: each is made once for a suite and loaded by every test. */
static struct secret *clusters[SUITE_BALANCED_V1 + 1];

static const struct secret *cluster_of(enum suite suite)
{
    CLEANUP(state_release) struct state made = {0};
    struct fake_clock time;
    fake_clock_init(&time, "2026-09-21T12:00:00Z");
    if (!clusters[suite]) {
        assert_ok(state_generate("example", suite, fake_clock_wall(&time), &made));
        assert_ok(state_encode(&made, &clusters[suite]));
    }
    return clusters[suite];
}

static void cut(void *arg)
{
    atomic_fetch_add(&((struct world *)arg)->n_cuts, 1);
}

static void connect_client(struct world *w)
{
    const struct calls_config config = {.authority = w->authority,
                                        .clock = clock_system(),
                                        .peer = &w->peer,
                                        .port = RPC_PORT_AUTH,
                                        .cut = cut,
                                        .cut_arg = w};
    w->client = client_new(&config);
}

/* From now on the client shows this certificate. */
static void become(struct world *w, const char *tls_pem)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    assert_ok(x509_from_pem(bytes_of_str(tls_pem), &cert));
    client_free(w->client);
    peer_release(&w->peer);
    assert_ok(peer_of_cert(cert, &w->peer));
    connect_client(w);
}

static struct world *world_new(int version)
{
    struct world *w = calloc(1, sizeof(*w));
    char *names[] = {(char[]){"access"}}, *leaves[] = {(char[]){"leaf"}};
    const struct strlist roles = {names, 1}, leaf_list = {leaves, 1};
    fake_clock_init(&w->time, "2026-09-21T12:00:00Z");
    fake_entropy_init(&w->dice, 11);
    enum suite suite = version < 17 ? SUITE_LEGACY : SUITE_BALANCED_V1;
    temp_dir_make(&w->dir);
    temp_dir_write(&w->dir, "state", secret_str(cluster_of(suite)));
    const struct authority_config config = {.cluster = "example",
                                            .suite = suite,
                                            .version = version,
                                            .state_path = temp_dir_join(&w->dir, "state"),
                                            .leaves = &leaf_list,
                                            .clock = &w->time.clock,
                                            .entropy = &w->dice.entropy};
    assert_ok(authority_new(&config, &w->authority));
    assert_ok(authority_add_bot(w->authority, "b", &roles));
    assert_ok(authority_add_token(w->authority, "t", "b", NULL));
    w->line = BUF_INIT(PUBKEY_MAX);
    w->pem = BUF_INIT(PUBKEY_MAX);
    assert_ok(key_public_ssh(shared_key, &w->line));
    assert_ok(key_public_pem(shared_key, &w->pem));
    connect_client(w);
    return w;
}

static int make_17(void **state)
{
    *state = world_new(17);
    return 0;
}

static int make_15(void **state)
{
    *state = world_new(15);
    return 0;
}

static int make_18(void **state)
{
    *state = world_new(18);
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;
    client_free(w->client);
    peer_release(&w->peer);
    authority_free(w->authority);
    temp_dir_remove(&w->dir);
    buf_release(&w->line);
    buf_release(&w->pem);
    free(w);
    return 0;
}

static struct client_reply call(struct world *w, const char *method, const struct buf *request)
{
    const struct bytes none = {NULL, 0};
    return client_call(w->client, method, NULL, request ? buf_bytes(request) : none, CALL_MS);
}

static void assert_status(const struct client_reply *r, int status, const char *part)
{
    if (r->status != status || !strstr(r->text, part))
        fail_msg("status %d: %s", r->status, r->text);
}

static void command(struct world *w, const char *line)
{
    CLEANUP(strlist_release) struct strlist words = {0};
    struct fault fault;
    assert_ok(faults_split_line(line, &words));
    assert_ok(fault_parse(&words, &fault));
    assert_ok(authority_add_fault(w->authority, &fault));
}

/* ---- Joining and renewing ---- */

static struct client_reply register_with(struct world *w, const char *token, const char *role)
{
    CLEANUP(secret_freep) struct secret *request = NULL;
    const struct msg_register_request m = {.token = token,
                                           .role = role,
                                           .public_ssh_key = buf_str(&w->line),
                                           .public_tls_key = buf_str(&w->pem)};
    assert_ok(msg_register_request_encode(&m, &request));
    return client_call(w->client, METHOD_REGISTER_USING_TOKEN, NULL, secret_bytes(request),
                       CALL_MS);
}

/* What an agent would make of the reply. */
static struct credentials *accept(const struct client_reply *r)
{
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    struct credentials *c = NULL;
    assert_status(r, 0, "");
    assert_ok(msg_certs_decode(buf_bytes(&r->body), &certs));
    const struct credentials_parts parts = {shared_key, bytes_of_str(certs.tls),
                                            bytes_of_str(certs.ssh), &certs.tls_cas,
                                            &certs.ssh_cas};
    assert_ok(credentials_new(&parts, &c));
    return c;
}

static void join(struct world *w)
{
    CLEANUP(client_reply_release) struct client_reply r = register_with(w, "t", "Bot");
    CLEANUP(credentials_freep) struct credentials *c = accept(&r);
    assert_int_equal(credentials_subject(c)->generation, 1);
    become(w, credentials_tls_pem(c));
}

static struct client_reply generate(struct world *w, struct msg_user_certs_request m)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(65536);
    m.username = m.username ? m.username : "bot-b";
    m.expires = wall_add(fake_clock_wall(&w->time), dur_s(600));
    assert_ok(msg_user_certs_request_encode(&m, &request));
    return call(w, METHOD_GENERATE_USER_CERTS, &request);
}

static struct client_reply renew(struct world *w)
{
    return generate(w, (struct msg_user_certs_request){.ssh_public_key = buf_str(&w->line),
                                                       .tls_public_key = buf_str(&w->pem)});
}

static int64_t own_generation(struct world *w)
{
    CLEANUP(client_reply_release)
    struct client_reply r = call(w, METHOD_GET_CURRENT_USER, NULL);
    CLEANUP(msg_user_release) struct msg_user user = {0};
    assert_status(&r, 0, "");
    assert_ok(msg_user_decode(buf_bytes(&r.body), &user));
    assert_string_equal(user.name, "bot-b");
    return strtoll(msg_user_label(&user, MSG_LABEL_BOT_GENERATION), NULL, 10);
}

static void test_join_then_renewals_count_up(void **state)
{
    struct world *w = *state;
    join(w);
    for (int64_t generation = 2; generation < 6; generation++) {
        CLEANUP(client_reply_release) struct client_reply r = renew(w);
        CLEANUP(credentials_freep) struct credentials *c = accept(&r);
        assert_int_equal(credentials_subject(c)->generation, generation);
        assert_true(credentials_subject(c)->renewable);
        assert_int_equal(credentials_tls_cas(c)->len, 2);
        assert_int_equal(wall_diff(credentials_not_after(c), fake_clock_wall(&w->time)).ns,
                         dur_s(600).ns);
        become(w, credentials_tls_pem(c));
        assert_int_equal(own_generation(w), generation);
    }
}

static void test_join_token_is_good_once(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply role = register_with(w, "t", "Node");
    assert_status(&role, 3, "does not allow role 'Node'");
    CLEANUP(client_reply_release) struct client_reply first = register_with(w, "t", "Bot");
    assert_status(&first, 0, "");
    CLEANUP(client_reply_release) struct client_reply second = register_with(w, "t", "Bot");
    assert_status(&second, 7, "expired or not found");
    assert_int_equal(second.body.len, 0);
}

static void test_renew_with_stale_certificate_locks(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(client_reply_release) struct client_reply lost = renew(w);
    assert_status(&lost, 0, "");
    /* One generation behind it may still ask how far things are. */
    assert_int_equal(own_generation(w), 2);
    CLEANUP(client_reply_release) struct client_reply again = renew(w);
    assert_status(&again, 7, "generation mismatch");
    CLEANUP(client_reply_release) struct client_reply locked = call(w, METHOD_PING, NULL);
    assert_status(&locked, 7, "lock targeting User:\"bot-b\" is in force");
    CLEANUP(client_reply_release)
    struct client_reply asked = call(w, METHOD_GET_CURRENT_USER, NULL);
    assert_status(&asked, 7, "is in force");
}

static void test_renew_without_usable_key_costs_a_generation(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(client_reply_release)
    struct client_reply r = generate(w, (struct msg_user_certs_request){.ssh_public_key = "x"});
    assert_status(&r, 2, "ssh: no key found");
    assert_int_equal(own_generation(w), 2);
}

static void test_version_15_reads_the_old_key_field_only(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply none = register_with(w, "t", "Bot");
    assert_status(&none, 12, "unknown method");
    const struct authority_join by_http = {
        .token = "t", .role = "Bot", .tls_key = key_evp(shared_key)};
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    struct authority_join join15 = by_http;
    assert_ok(key_public_ssh_blob(shared_key, &blob));
    join15.ssh_key = buf_bytes(&blob);
    assert_ok(authority_join(w->authority, &join15, &made));
    become(w, buf_str(&made.tls));
    CLEANUP(client_reply_release) struct client_reply wrong = renew(w);
    assert_status(&wrong, 2, "ssh: no key found");
    assert_string_equal(wrong.version, "");
    assert_int_equal(own_generation(w), 2);
}

static void test_version_15_renews_with_one_key_for_both(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf blob = BUF_INIT(PUBKEY_MAX);
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    assert_ok(key_public_ssh_blob(shared_key, &blob));
    const struct authority_join by_http = {
        .token = "t", .role = "Bot", .ssh_key = buf_bytes(&blob), .tls_key = key_evp(shared_key)};
    assert_ok(authority_join(w->authority, &by_http, &made));
    become(w, buf_str(&made.tls));
    CLEANUP(client_reply_release)
    struct client_reply r =
        generate(w, (struct msg_user_certs_request){.public_key = buf_str(&w->line)});
    CLEANUP(credentials_freep) struct credentials *c = accept(&r);
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
    int len = i2d_PUBKEY(key_evp(shared_key), &der);
    assert_ok(key_public_ssh_blob(shared_key, &blob));
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
    assert_status(&r, 0, "");
    assert_ok(msg_join_response_decode(buf_bytes(&r.body), &m));
    assert_int_equal(m.kind, MSG_JOIN_RESULT);
    assert_int_equal(m.tls_cas.len, 2);
    assert_int_equal(m.ssh_keys.len, 2);
    const unsigned char *at = m.tls_cert.data;
    cert = d2i_X509(NULL, &at, (long)m.tls_cert.len);
    assert_non_null(cert);
    assert_int_equal(X509_check_private_key(cert, key_evp(shared_key)), 1);
    assert_int_equal(authority_verify_client(w->authority, cert), X509_V_OK);
}

static void test_join_stream_with_wrong_token_ends_at_once(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = join_stream(w, "wrong");
    assert_status(&r, 7, "expired or not found");
    assert_int_equal(r.body.len, 0);
}

/* ---- Outputs ---- */

static void test_impersonation_gives_what_was_allowed(void **state)
{
    struct world *w = *state;
    join(w);
    char *names[] = {(char[]){"access"}};
    struct msg_user_certs_request wanted = {.ssh_public_key = buf_str(&w->line),
                                            .tls_public_key = buf_str(&w->pem),
                                            .use_role_requests = true,
                                            .role_requests = {names, 1},
                                            .route_to_cluster = "leaf"};
    CLEANUP(client_reply_release) struct client_reply r = generate(w, wanted);
    CLEANUP(credentials_freep) struct credentials *c = accept(&r);
    assert_true(credentials_subject(c)->disallow_reissue);
    assert_string_equal(credentials_subject(c)->roles->items[0], "access");
    assert_int_equal(credentials_tls_cas(c)->len, 1);
    assert_int_equal(own_generation(w), 1);
    names[0] = (char[]){"admin"};
    CLEANUP(client_reply_release) struct client_reply denied = generate(w, wanted);
    assert_status(&denied, 7, "\"admin\"");
    become(w, credentials_tls_pem(c));
    CLEANUP(client_reply_release) struct client_reply reissued = generate(w, wanted);
    assert_status(&reissued, 7, "cannot be reissued");
}

static void test_certificates_of_somebody_else_are_denied(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(client_reply_release)
    struct client_reply r = generate(w, (struct msg_user_certs_request){.username = "bot-other"});
    assert_status(&r, 7, "\"bot-other\"");
    assert_int_equal(own_generation(w), 1);
}

/* ---- Questions ---- */

static void test_ping_is_answered_to_anybody(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = call(w, METHOD_PING, NULL);
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply m = {0};
    assert_status(&r, 0, "");
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
        CLEANUP(client_reply_release) struct client_reply r = call(w, methods[i], NULL);
        assert_status(&r, 7, "no client certificate");
    }
}

static void test_rotation_is_seen_in_the_authorities(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_ca_request wanted = {.type = "host", .domain = "example"};
    assert_ok(msg_ca_request_encode(&wanted, &request));
    assert_ok(authority_rotate(w->authority, CA_HOST, NULL));
    CLEANUP(client_reply_release)
    struct client_reply r = call(w, METHOD_GET_CERT_AUTHORITY, &request);
    CLEANUP(msg_ca_release) struct msg_ca ca = {0};
    assert_status(&r, 0, "");
    assert_ok(msg_ca_decode(buf_bytes(&r.body), &ca));
    assert_string_equal(ca.rotation_phase, "init");
    assert_int_equal(ca.tls_certs.len, 2);
    assert_int_equal(ca.n_active_tls, 1);
    assert_int_equal(ca.ssh_keys.len, 2);
}

static void test_private_keys_are_not_given_away(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_ca_list_request wanted = {.type = "user", .include_key = true};
    assert_ok(msg_ca_list_request_encode(&wanted, &request));
    CLEANUP(client_reply_release)
    struct client_reply r = call(w, METHOD_GET_CERT_AUTHORITIES, &request);
    assert_status(&r, 7, "not given away");
}

static void test_leaf_clusters_and_roles_are_told(void **state)
{
    struct world *w = *state;
    join(w);
    CLEANUP(client_reply_release)
    struct client_reply r = call(w, METHOD_LIST_REMOTE_CLUSTERS, NULL);
    CLEANUP(msg_remote_clusters_release) struct msg_remote_clusters leaves = {0};
    assert_status(&r, 0, "");
    assert_ok(msg_remote_clusters_decode(buf_bytes(&r.body), &leaves));
    assert_int_equal(leaves.names.len, 1);
    assert_string_equal(leaves.names.items[0], "leaf");
    CLEANUP(buf_release) struct buf request = BUF_INIT(1024);
    const struct msg_role_request wanted = {.name = "bot-b"};
    assert_ok(msg_role_request_encode(&wanted, &request));
    CLEANUP(client_reply_release) struct client_reply role = call(w, METHOD_GET_ROLE, &request);
    CLEANUP(msg_role_release) struct msg_role m = {0};
    assert_status(&role, 0, "");
    assert_ok(msg_role_decode(buf_bytes(&role.body), &m));
    assert_string_equal(m.impersonate_roles.items[0], "access");
}

static void test_unknown_method_is_unimplemented(void **state)
{
    struct world *w = *state;
    CLEANUP(client_reply_release) struct client_reply r = call(w, "/x.Y/Z", NULL);
    assert_status(&r, 12, "/x.Y/Z");
    /* Known, but not to version 17. */
    CLEANUP(client_reply_release) struct client_reply newer = call(w, METHOD_JOIN, NULL);
    assert_status(&newer, 12, "Join");
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
        assert_status(&r, said[i].status, said[i].status ? "client version is unsupported" : "");
    }
}

static void test_garbage_is_refused(void **state)
{
    struct world *w = *state;
    CLEANUP(buf_release) struct buf garbage = BUF_INIT(64);
    assert_ok(buf_add_str(&garbage, "\xff\xff\xff\xff"));
    CLEANUP(client_reply_release)
    struct client_reply r = call(w, METHOD_REGISTER_USING_TOKEN, &garbage);
    assert_status(&r, 3, "");
    CLEANUP(client_reply_release) struct client_reply alive = call(w, METHOD_PING, NULL);
    assert_status(&alive, 0, "");
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
    struct client_reply r = call(w, METHOD_REGISTER_USING_TOKEN, &large);
    assert_int_not_equal(r.status, 0);
    CLEANUP(client_reply_release) struct client_reply alive = call(w, METHOD_PING, NULL);
    assert_status(&alive, 0, "");
}

/* ---- Faults ---- */

static void test_fault_error_carries_nothing_out(void **state)
{
    struct world *w = *state;
    join(w);
    command(w, "error RESOURCE_EXHAUSTED \"slow down\" method GenerateUserCerts count 1");
    CLEANUP(client_reply_release) struct client_reply r = renew(w);
    assert_status(&r, 8, "slow down");
    assert_int_equal(own_generation(w), 1);
    CLEANUP(client_reply_release) struct client_reply next = renew(w);
    assert_status(&next, 0, "");
}

static void test_fault_cut_happens_after_the_commit(void **state)
{
    struct world *w = *state;
    join(w);
    command(w, "cut-mid-reply method GenerateUserCerts count 1");
    CLEANUP(buf_release) struct buf request = BUF_INIT(65536);
    const struct msg_user_certs_request m = {
        .username = "bot-b",
        .ssh_public_key = buf_str(&w->line),
        .tls_public_key = buf_str(&w->pem),
        .expires = wall_add(fake_clock_wall(&w->time), dur_s(600)),
    };
    assert_ok(msg_user_certs_request_encode(&m, &request));
    CLEANUP(client_reply_release)
    struct client_reply r = client_call(w->client, METHOD_GENERATE_USER_CERTS, NULL,
                                        buf_bytes(&request), UNANSWERED_MS);
    assert_status(&r, 4, "");
    assert_int_equal(r.body.len, 0);
    assert_int_equal(atomic_load(&w->n_cuts), 1);
    assert_int_equal(own_generation(w), 2);
}

static void test_fault_of_renewals_spares_outputs(void **state)
{
    struct world *w = *state;
    join(w);
    char *names[] = {(char[]){"access"}};
    command(w, "error UNAVAILABLE busy method renewal count 1");
    CLEANUP(client_reply_release)
    struct client_reply output =
        generate(w, (struct msg_user_certs_request){.ssh_public_key = buf_str(&w->line),
                                                    .tls_public_key = buf_str(&w->pem),
                                                    .use_role_requests = true,
                                                    .role_requests = {names, 1}});
    assert_status(&output, 0, "");
    CLEANUP(client_reply_release) struct client_reply renewal = renew(w);
    assert_status(&renewal, 14, "busy");
}

static void test_fault_hang_holds_one_call_and_not_the_others(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    command(w, "hang method Ping count 1");
    CLEANUP(client_reply_release)
    struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
    assert_status(&r, 4, "");
    CLEANUP(client_reply_release) struct client_reply next = call(w, METHOD_PING, NULL);
    assert_status(&next, 0, "");
}

static void test_fault_slow_answers_later(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    command(w, "slow 600000 method Ping count 1");
    CLEANUP(client_reply_release)
    struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
    assert_status(&r, 4, "");
    command(w, "slow 1 method Ping count 1");
    CLEANUP(client_reply_release) struct client_reply next = call(w, METHOD_PING, NULL);
    assert_status(&next, 0, "");
}

static void test_fault_wrong_message_is_no_message(void **state)
{
    struct world *w = *state;
    command(w, "wrong-message count 1");
    CLEANUP(client_reply_release) struct client_reply r = call(w, METHOD_PING, NULL);
    struct msg_ping_reply m = {0};
    assert_status(&r, 0, "");
    assert_fails(msg_ping_reply_decode(buf_bytes(&r.body), &m), ERR_PROTOCOL, "");
}

static void test_fault_expire_and_ttl_and_skew_shape_the_certificate(void **state)
{
    struct world *w = *state;
    struct wall now = fake_clock_wall(&w->time);
    command(w, "ttl 30");
    join(w);
    CLEANUP(client_reply_release) struct client_reply capped = renew(w);
    CLEANUP(credentials_freep) struct credentials *c = accept(&capped);
    assert_int_equal(wall_diff(credentials_not_after(c), now).ns, dur_s(30).ns);
    become(w, credentials_tls_pem(c));
    authority_clear_faults(w->authority);
    command(w, "clock-skew 120");
    CLEANUP(client_reply_release) struct client_reply skewed = renew(w);
    CLEANUP(credentials_freep) struct credentials *s = accept(&skewed);
    assert_int_equal(wall_diff(credentials_not_before(s), now).ns, dur_s(60).ns);
    become(w, credentials_tls_pem(s));
    authority_clear_faults(w->authority);
    command(w, "expire count 1");
    CLEANUP(client_reply_release) struct client_reply expired = renew(w);
    CLEANUP(credentials_freep) struct credentials *e = accept(&expired);
    assert_true(credentials_expired(e, now));
    assert_int_equal(authority_verify_client(w->authority, credentials_cert(e)),
                     X509_V_ERR_CERT_HAS_EXPIRED);
}

/* Ended with a call held: nothing may be left behind, as LeakSanitizer sees. */
static void test_end_with_held_calls_leaves_nothing(void **state)
{
    struct world *w = *state;
    const struct bytes none = {NULL, 0};
    command(w, "hang method Ping");
    command(w, "slow 600000");
    for (int i = 0; i < 3; i++) {
        CLEANUP(client_reply_release)
        struct client_reply r = client_call(w->client, METHOD_PING, NULL, none, UNANSWERED_MS);
        assert_int_equal(r.status, 4);
    }
}

static int start_grpc(void **state)
{
    (void)state;
    say_nothing();
    calls_global_init();
    assert_ok(key_generate(KEY_RSA_2048, &shared_key));
    return 0;
}

static int end_grpc(void **state)
{
    (void)state;
    key_free(shared_key);
    secret_free(clusters[SUITE_LEGACY]);
    secret_free(clusters[SUITE_BALANCED_V1]);
    calls_global_release();
    return 0;
}

#define IN_17(test) cmocka_unit_test_setup_teardown(test, make_17, free_world)
#define IN_15(test) cmocka_unit_test_setup_teardown(test, make_15, free_world)
#define IN_18(test) cmocka_unit_test_setup_teardown(test, make_18, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_17(test_join_then_renewals_count_up),
        IN_17(test_join_token_is_good_once),
        IN_17(test_renew_with_stale_certificate_locks),
        IN_17(test_renew_without_usable_key_costs_a_generation),
        IN_15(test_version_15_reads_the_old_key_field_only),
        IN_15(test_version_15_renews_with_one_key_for_both),
        IN_18(test_join_stream_gives_certificates),
        IN_18(test_join_stream_with_wrong_token_ends_at_once),
        IN_17(test_impersonation_gives_what_was_allowed),
        IN_17(test_certificates_of_somebody_else_are_denied),
        IN_17(test_ping_is_answered_to_anybody),
        IN_17(test_questions_need_a_certificate),
        IN_17(test_rotation_is_seen_in_the_authorities),
        IN_17(test_private_keys_are_not_given_away),
        IN_17(test_leaf_clusters_and_roles_are_told),
        IN_17(test_unknown_method_is_unimplemented),
        IN_17(test_client_version_too_old_is_refused),
        IN_17(test_garbage_is_refused),
        IN_17(test_message_too_large_is_refused),
        IN_17(test_fault_error_carries_nothing_out),
        IN_17(test_fault_cut_happens_after_the_commit),
        IN_17(test_fault_of_renewals_spares_outputs),
        IN_17(test_fault_hang_holds_one_call_and_not_the_others),
        IN_17(test_fault_slow_answers_later),
        IN_17(test_fault_wrong_message_is_no_message),
        IN_17(test_fault_expire_and_ttl_and_skew_shape_the_certificate),
        IN_17(test_end_with_held_calls_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, start_grpc, end_grpc);
}
