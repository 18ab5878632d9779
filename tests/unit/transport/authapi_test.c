/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/authapi.h"

#include "identity/pki/ossl.h"
#include "proto/method.h"
#include "proto/msg_certs.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "transport/dial.h"
#include "transport/route.h"

#include <stdatomic.h>
#include <stdio.h>

#define CLUSTER "example"

struct world {
    struct host_ca ca;
    STACK_OF(X509) * roots;
    struct fake_cluster *fc;
    struct address address;
    struct credentials *creds;
    struct channel *channel;
    struct authapi api;
    struct ctx ctx;
    struct key *key;

    /* What the server is and does. */
    const char *version;
    const char *generation; /* of the label; NULL: none */
    bool is_nonsense;       /* certificates are not certificates */
    bool is_broken;         /* the connection breaks when certificates are asked for */
    bool lists_for_ever;
    atomic_int n_pages, n_certs;
    struct msg_user_certs_request asked; /* the last */
};

static void must(struct err *e)
{
    err_free(e);
}

static void reply_certs(struct world *w, const struct fake_call *call, struct fake_answer *answer)
{
    atomic_fetch_add(&w->n_certs, 1);
    msg_user_certs_request_release(&w->asked);
    must(msg_user_certs_request_decode(call->request, &w->asked));
    if (w->is_broken) {
        answer->then = FAKE_HOLD;
        fake_cluster_drop(w->fc);
        return;
    }
    struct fixture f = {.user = w->asked.username, .generation = 5, .key = w->key};
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca = host_ca_pem(&w->ca);
    CLEANUP(freep) char *ssh_ca = fixture_ssh_ca_line();
    struct msg_certs m = {
        .tls = w->is_nonsense ? "no certificate" : tls,
        .ssh = ssh,
        .tls_cas = {&ca, 1},
        .ssh_cas = {&ssh_ca, 1},
    };
    must(msg_certs_encode(&m, &answer->reply));
}

static void reply_user(const struct world *w, struct fake_answer *answer)
{
    struct msg_label label = {MSG_LABEL_BOT_GENERATION, w->generation};
    struct msg_user m = {.name = "bot-test", .labels = &label, .n_labels = w->generation ? 1 : 0};
    must(msg_user_encode(&m, &answer->reply));
}

static void reply_leaves(struct world *w, const struct fake_call *call, struct fake_answer *answer)
{
    CLEANUP(msg_remote_clusters_request_release) struct msg_remote_clusters_request m = {0};
    must(msg_remote_clusters_request_decode(call->request, &m));
    bool is_first = *m.page_token == '\0';
    char name[32];
    snprintf(name, sizeof(name), "leaf-%d", atomic_fetch_add(&w->n_pages, 1));
    char *names[] = {name};
    struct msg_remote_clusters page = {
        .names = {names, 1},
        .next_page_token = is_first || w->lists_for_ever ? "more" : "",
    };
    must(msg_remote_clusters_encode(&page, &answer->reply));
}

static void reply_ca(const struct fake_call *call, struct fake_answer *answer)
{
    CLEANUP(msg_ca_request_release) struct msg_ca_request m = {0};
    must(msg_ca_request_decode(call->request, &m));
    char *tls[] = {(char[]){"PEM"}};
    struct msg_ca ca = {
        .type = m.type,
        .cluster_name = m.domain,
        .tls_certs = {tls, 1},
        .n_active_tls = 1,
    };
    must(msg_ca_encode(&ca, &answer->reply));
}

static void reply_cas(struct fake_answer *answer)
{
    struct msg_ca items[] = {{.type = "db", .cluster_name = "a"},
                             {.type = "db", .cluster_name = "b"}};
    must(msg_ca_list_encode(&(struct msg_ca_list){.items = items, .len = 2}, &answer->reply));
}

static void reply_role(const struct fake_call *call, struct fake_answer *answer)
{
    CLEANUP(msg_role_request_release) struct msg_role_request m = {0};
    must(msg_role_request_decode(call->request, &m));
    char *roles[] = {(char[]){"access"}, (char[]){"db"}};
    struct msg_role role = {.name = m.name, .impersonate_roles = {roles, 2}};
    must(msg_role_encode(&role, &answer->reply));
}

static void reply_networking(const struct world *w, const struct fake_call *call,
                             struct fake_answer *answer)
{
    bool is_old = strncmp(w->version, "15.", 3) == 0;
    if (is_old == (strcmp(call->method, METHOD_GET_NETWORKING) == 0)) {
        answer->status = 12;
        return;
    }
    must(msg_networking_encode(&(struct msg_networking){.multiplexed = true}, &answer->reply));
}

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct world *w = arg;
    struct msg_ping_reply ping = {
        .cluster_name = CLUSTER,
        .server_version = w->version,
        .suite_number = 2,
    };
    if (strcmp(call->method, METHOD_PING) == 0)
        must(msg_ping_reply_encode(&ping, &answer->reply));
    else if (strcmp(call->method, METHOD_GENERATE_USER_CERTS) == 0)
        reply_certs(w, call, answer);
    else if (strcmp(call->method, METHOD_GET_CURRENT_USER) == 0)
        reply_user(w, answer);
    else if (strcmp(call->method, METHOD_LIST_REMOTE_CLUSTERS) == 0)
        reply_leaves(w, call, answer);
    else if (strcmp(call->method, METHOD_GET_CERT_AUTHORITY) == 0)
        reply_ca(call, answer);
    else if (strcmp(call->method, METHOD_GET_CERT_AUTHORITIES) == 0)
        reply_cas(answer);
    else if (strcmp(call->method, METHOD_GET_ROLE) == 0)
        reply_role(call, answer);
    else
        reply_networking(w, call, answer);
}

static struct err *dial_world(void *arg, struct credentials *creds, const struct ctx *ctx,
                              struct tls **ret)
{
    struct world *w = arg;
    struct route_trust trust = {
        .roots = w->roots,
        .cert = credentials_cert(creds),
        .key = key_evp(credentials_key(creds)),
    };
    struct route_tls tls;
    fake_cluster_sync(w->fc); /* most tests say what the server does before the first call */
    TRY(route_auth(ROUTE_DIRECT, CLUSTER, &trust, &tls));
    return dial_tls(&w->address, &tls.config, ctx, ret);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, CLUSTER);
    w->roots = sk_X509_new_null();
    X509_up_ref(w->ca.cert);
    sk_X509_push(w->roots, w->ca.cert);
    w->version = "17.3.1";
    w->key = fixture_key(KEY_ECDSA_P256);
    struct fake_cluster_config server = {.ca = &w->ca, .handle = handle, .arg = w};
    w->fc = fake_cluster_start(&server);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->address));
    w->creds = fixture_credentials(&(struct fixture){.generation = 4});
    struct channel_config config = {.dial = dial_world, .arg = w, .credentials = w->creds};
    assert_ok(channel_new(&config, &w->channel));
    w->api.channel = w->channel;
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    w->ctx = ctx_until(&ctx, dur_s(30));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    channel_free(w->channel);
    fake_cluster_stop(w->fc);
    msg_user_certs_request_release(&w->asked);
    credentials_free(w->creds);
    key_free(w->key);
    x509_stack_freep(&w->roots);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

static void test_ping_when_answered_teaches_the_version(void **state)
{
    struct world *w = *state;
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    assert_ok(authapi_ping(&w->api, &w->ctx, &ping));
    assert_string_equal(ping.cluster_name, CLUSTER);
    assert_int_equal(ping.suite_number, 2);
    char version[VERSION_SIZE];
    channel_version(w->channel, version);
    assert_string_equal(version, "17.3.1");
}

static void test_ping_when_it_says_nothing_is_a_protocol_error(void **state)
{
    struct world *w = *state;
    struct msg_ping_reply ping = {0};
    w->version = "";
    assert_fails(authapi_ping(&w->api, &w->ctx, &ping), ERR_PROTOCOL, "does not say");
    assert_null(ping.memory);
}

static void test_generation_when_labelled_is_read(void **state)
{
    struct world *w = *state;
    int64_t generation = -1;
    w->generation = "42";
    assert_ok(authapi_generation(&w->api, &w->ctx, &generation));
    assert_int_equal(generation, 42);
}

static void test_generation_when_absent_or_no_number_is_told_apart(void **state)
{
    struct world *w = *state;
    int64_t generation = -1;
    assert_fails(authapi_generation(&w->api, &w->ctx, &generation), ERR_NOT_FOUND, "bot-test");
    static const char *const bad[] = {"", "x", "4x", "-1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fake_cluster_sync(w->fc);
        w->generation = bad[i];
        fake_cluster_sync(w->fc);
        struct err *e = authapi_generation(&w->api, &w->ctx, &generation);
        assert_int_equal(err_code(e), ERR_PROTOCOL);
        err_free(e);
    }
    assert_int_equal(generation, -1);
}

static void test_leaves_when_on_several_pages_are_all_read(void **state)
{
    struct world *w = *state;
    CLEANUP(strlist_release) struct strlist names = {0};
    assert_ok(authapi_leaf_clusters(&w->api, &w->ctx, &names));
    assert_int_equal(names.len, 2);
    assert_string_equal(names.items[1], "leaf-1");
}

static void test_leaves_when_the_list_never_ends_is_a_protocol_error(void **state)
{
    struct world *w = *state;
    CLEANUP(strlist_release) struct strlist names = {0};
    w->lists_for_ever = true;
    assert_fails(authapi_leaf_clusters(&w->api, &w->ctx, &names), ERR_PROTOCOL, "pages");
    assert_int_equal(atomic_load(&w->n_pages), 100);
}

static void test_cas_when_asked_for_come_as_asked(void **state)
{
    struct world *w = *state;
    CLEANUP(msg_ca_release) struct msg_ca ca = {0};
    assert_ok(authapi_ca(&w->api, "host", "leaf", &w->ctx, &ca));
    assert_string_equal(ca.type, "host");
    assert_string_equal(ca.cluster_name, "leaf");
    CLEANUP(msg_ca_list_release) struct msg_ca_list list = {0};
    assert_ok(authapi_cas(&w->api, "db", &w->ctx, &list));
    assert_int_equal(list.len, 2);
}

static void test_roles_when_asked_for_are_added(void **state)
{
    struct world *w = *state;
    CLEANUP(strlist_release) struct strlist roles = {0};
    assert_ok(authapi_impersonated_roles(&w->api, "bot-test", &w->ctx, &roles));
    assert_int_equal(roles.len, 2);
    assert_true(strlist_has(&roles, "access"));
}

static void test_networking_when_old_or_new_is_read(void **state)
{
    struct world *w = *state;
    bool multiplexed = false;
    assert_ok(authapi_is_multiplexed(&w->api, &w->ctx, &multiplexed));
    assert_true(multiplexed);
    fake_cluster_sync(w->fc);
    w->version = "15.1.0";
    multiplexed = false;
    fake_cluster_sync(w->fc);
    assert_ok(authapi_is_multiplexed(&w->api, &w->ctx, &multiplexed));
    assert_true(multiplexed);
}

/* --- certificates --- */

static void assert_asked_with_keys_of(const struct world *w, bool two_keys)
{
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(8192);
    CLEANUP(buf_release) struct buf tls = BUF_INIT(8192);
    fake_cluster_sync(w->fc);
    assert_ok(key_public_ssh(w->key, &ssh));
    assert_ok(key_public_pem(w->key, &tls));
    assert_string_equal(w->asked.public_key, two_keys ? "" : buf_str(&ssh));
    assert_string_equal(w->asked.ssh_public_key, two_keys ? buf_str(&ssh) : "");
    assert_string_equal(w->asked.tls_public_key, two_keys ? buf_str(&tls) : "");
}

static struct authapi_certs own(struct world *w)
{
    return (struct authapi_certs){
        .key = w->key,
        .username = "bot-test",
        .expires = wall_of_unix(4000000000),
    };
}

static RESULT renew(struct world *w, bool *ret_written, struct credentials **ret)
{
    CLEANUP(channel_session_freep) struct channel_session *s = NULL;
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    struct authapi_certs request = own(w);
    TRY(authapi_session_open(w->channel, w->creds, &w->ctx, &s, &ping));
    return authapi_renew(w->channel, s, &ping, &request, &w->ctx, ret_written, ret);
}

static void test_renew_when_version_17_sends_two_keys_and_nothing_else(void **state)
{
    struct world *w = *state;
    CLEANUP(credentials_freep) struct credentials *renewed = NULL;
    bool written = false;
    assert_ok(renew(w, &written, &renewed));
    assert_true(written);
    assert_int_equal(credentials_subject(renewed)->generation, 5);
    assert_asked_with_keys_of(w, true);
    assert_string_equal(w->asked.username, "bot-test");
    assert_int_equal(wall_to_unix(w->asked.expires), 4000000000);
    assert_false(w->asked.use_role_requests);
    assert_int_equal(w->asked.role_requests.len, 0);
    assert_string_equal(w->asked.route_to_cluster, "");
}

static void test_renew_when_version_16_sends_one_key(void **state)
{
    struct world *w = *state;
    CLEANUP(credentials_freep) struct credentials *renewed = NULL;
    bool written = false;
    w->version = "16.4.0";
    assert_ok(renew(w, &written, &renewed));
    assert_asked_with_keys_of(w, false);
}

static void test_renew_when_the_old_connection_died_is_sent_once_on_a_new_one(void **state)
{
    struct world *w = *state;
    CLEANUP(credentials_freep) struct credentials *renewed = NULL;
    CLEANUP(msg_ping_reply_release) struct msg_ping_reply ping = {0};
    bool written = false;
    assert_ok(authapi_ping(&w->api, &w->ctx, &ping));
    fake_cluster_go_away(w->fc);
    assert_ok(renew(w, &written, &renewed));
    assert_int_equal(atomic_load(&w->n_certs), 1);
}

static void test_renew_when_the_reply_is_lost_was_written_and_is_not_repeated(void **state)
{
    struct world *w = *state;
    struct credentials *renewed = NULL;
    bool written = false;
    w->is_broken = true;
    assert_fails(renew(w, &written, &renewed), ERR_UNAVAILABLE, "GenerateUserCerts");
    assert_true(written);
    assert_null(renewed);
    assert_int_equal(atomic_load(&w->n_certs), 1);
}

static void test_renew_when_the_answer_is_nonsense_was_written(void **state)
{
    struct world *w = *state;
    struct credentials *renewed = NULL;
    bool written = false;
    w->is_nonsense = true;
    assert_fails(renew(w, &written, &renewed), ERR_PROTOCOL, "the certificates the server sent");
    assert_true(written);
}

static void test_renew_when_nobody_listens_was_not_written(void **state)
{
    struct world *w = *state;
    struct credentials *renewed = NULL;
    bool written = false;
    w->address.port = 1;
    assert_fails(renew(w, &written, &renewed), ERR_UNAVAILABLE, "dial");
    assert_false(written);
}

static void test_issue_when_for_an_output_asks_for_its_roles(void **state)
{
    struct world *w = *state;
    char *names[] = {(char[]){"access"}};
    struct strlist roles = {names, 1};
    struct authapi_certs request = own(w);
    request.roles = &roles;
    request.route_to_cluster = "leaf";
    CLEANUP(credentials_freep) struct credentials *issued = NULL;
    assert_ok(authapi_issue(&w->api, &request, &w->ctx, &issued));
    assert_asked_with_keys_of(w, true);
    assert_true(w->asked.use_role_requests);
    assert_int_equal(w->asked.role_requests.len, 1);
    assert_string_equal(w->asked.route_to_cluster, "leaf");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ping_when_answered_teaches_the_version),
        TEST(test_ping_when_it_says_nothing_is_a_protocol_error),
        TEST(test_generation_when_labelled_is_read),
        TEST(test_generation_when_absent_or_no_number_is_told_apart),
        TEST(test_leaves_when_on_several_pages_are_all_read),
        TEST(test_leaves_when_the_list_never_ends_is_a_protocol_error),
        TEST(test_cas_when_asked_for_come_as_asked),
        TEST(test_roles_when_asked_for_are_added),
        TEST(test_networking_when_old_or_new_is_read),
        TEST(test_renew_when_version_17_sends_two_keys_and_nothing_else),
        TEST(test_renew_when_version_16_sends_one_key),
        TEST(test_renew_when_the_old_connection_died_is_sent_once_on_a_new_one),
        TEST(test_renew_when_the_reply_is_lost_was_written_and_is_not_repeated),
        TEST(test_renew_when_the_answer_is_nonsense_was_written),
        TEST(test_renew_when_nobody_listens_was_not_written),
        TEST(test_issue_when_for_an_output_asks_for_its_roles),
    };
    return fake_cluster_run_tests("transport/authapi", tests);
}
