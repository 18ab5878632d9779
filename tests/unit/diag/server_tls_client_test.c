/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/host_ca.h"
#include "tests/support/pki_fixture.h"
#include "tls_world.h"

#include <stdio.h>

#define SPIFFE "spiffe://example.org/ns/prod/sa/prometheus"

static char *names[] = {(char[]){"prometheus"}, (char[]){"probe.example"}, (char[]){SPIFFE}};
static const struct strlist allow = {.items = names, .len = 3};
static struct identity ca, other_ca;
static struct credentials *own;
static char ca_path[128];
static const struct diag_tls_config with_file = {.client_ca = ca_path, .allow = &allow};
static const struct diag_tls_config with_own_cas = {.allow = &allow};

static int make_identities(void **state)
{
    (void)state;
    ca = tls_world_make("client CA", NULL, NULL);
    other_ca = tls_world_make("other CA", NULL, NULL);
    own = fixture_credentials(&(struct fixture){0});
    return 0;
}

static int release_identities(void **state)
{
    (void)state;
    identity_release(&ca);
    identity_release(&other_ca);
    credentials_free(own);
    return 0;
}

static void listen_with(struct server_world *w, const struct diag_tls_config *tls)
{
    w->tls = tls;
    world_listen(w, "https://0.0.0.0:0");
    diag_server_use(w->server, own);
}

static int set_up(void **state)
{
    world_setup(state);
    struct server_world *w = *state;
    snprintf(ca_path, sizeof(ca_path), "%s", temp_dir_join(&w->dir, "clients.pem"));
    tls_world_put_cert(w, "clients.pem", &ca);
    listen_with(w, &with_file);
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(w->identity, "renew", e, loop_now(w->loop));
    err_free(e);
    return 0;
}

enum told { REFUSED, A_CODE, DETAILS };

static enum told told_to(struct server_world *w, const struct identity *id)
{
    const char *reply = tls_client_ask(w, id, GET_AND_CLOSE("/readyz"));
    if (!*reply)
        return REFUSED;
    assert_int_equal(strncmp(reply, "HTTP/1.1 503 ", 13), 0);
    return strstr(reply, "nobody answers") ? DETAILS : A_CODE;
}

static void assert_told(struct server_world *w, const char *name, const char *san,
                        const struct identity *issuer, enum told wanted)
{
    struct identity id = tls_world_make(name, san, issuer);
    enum told got = told_to(w, &id);
    if (got != wanted)
        fail_msg("CN=%s, %s: told %d, wanted %d", name, san ? san : "-", got, wanted);
    identity_release(&id);
}

static void test_listed_names_are_known(void **state)
{
    struct server_world *w = *state;
    assert_told(w, "prometheus", NULL, &ca, DETAILS);
    assert_told(w, "x", "DNS:y.example,DNS:probe.example", &ca, DETAILS);
    assert_told(w, "x", "URI:" SPIFFE, &ca, DETAILS);
}

static void test_others_of_the_same_ca_are_strangers(void **state)
{
    struct server_world *w = *state;
    assert_told(w, "prometheus2", "DNS:a.probe.example,URI:" SPIFFE "/x", &ca, A_CODE);
    assert_int_equal(told_to(w, NULL), A_CODE);
    assert_int_equal(tls_world_count(w, "ok"), 2);
}

static void test_certificate_that_does_not_verify_ends_the_handshake(void **state)
{
    struct server_world *w = *state;
    assert_told(w, "prometheus", NULL, &other_ca, REFUSED);
    assert_told(w, "prometheus", NULL, NULL, REFUSED); /* made by itself */
    assert_int_equal(tls_world_count(w, "certificate"), 2);
    assert_int_equal(tls_world_count(w, "ok"), 0);
}

static void test_expired_certificate_ends_the_handshake_by_our_clock(void **state)
{
    struct server_world *w = *state;
    fake_clock_init(&w->time, "2026-02-01T00:00:01Z");
    world_settle(w);
    assert_told(w, "prometheus", NULL, &ca, REFUSED);
}

static void test_certificate_that_expires_meanwhile_proves_nothing_more(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    struct identity id = tls_world_make("prometheus", NULL, &ca);
    fake_clock_init(&w->time, "2026-01-31T23:59:50Z");
    world_settle(w);
    struct tls_client c = tls_client_open(w);
    assert_true(tls_client_shake(w, &c, &id));
    tls_client_send(w, &c, GET("/readyz"));
    tls_client_read(w, &c, reply);
    assert_non_null(strstr(reply, "nobody answers"));
    fake_clock_advance(&w->time, dur_s(10));
    world_settle(w);
    tls_client_send(w, &c, GET("/readyz"));
    tls_client_read(w, &c, reply);
    assert_non_null(strstr(reply, "HTTP/1.1 503 "));
    assert_null(strstr(reply, "nobody answers"));
    tls_client_close(&c);
    identity_release(&id);
}

static void test_ca_file_that_changed_is_read_again(void **state)
{
    struct server_world *w = *state;
    tls_world_put_cert(w, "clients.pem", &other_ca);
    fake_clock_advance(&w->time, dur_s(1));
    world_settle(w);
    assert_told(w, "prometheus", NULL, &other_ca, DETAILS);
    assert_told(w, "prometheus", NULL, &ca, REFUSED);
    temp_dir_write(&w->dir, "clients.pem", "nonsense");
    fake_clock_advance(&w->time, dur_s(1));
    world_settle(w);
    assert_told(w, "prometheus", NULL, &other_ca, DETAILS);
}

static void test_without_a_list_nobody_is_asked(void **state)
{
    struct server_world *w = *state;
    listen_with(w, NULL);
    assert_told(w, "prometheus", NULL, &ca, A_CODE);
    assert_told(w, "prometheus", NULL, &other_ca, A_CODE);
}

static void test_cas_of_the_agents_identity_are_the_default(void **state)
{
    struct server_world *w = *state;
    struct host_ca host;
    host_ca_init(&host, FIXTURE_CLUSTER);
    CLEANUP(credentials_freep) struct credentials *bot = host_ca_bot(&host, "bot-test");
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    struct identity client = {host_ca_issue(&host, key, "URI:" SPIFFE, 0), key_evp(key)};
    struct identity stranger = tls_world_make("prometheus", NULL, &ca);
    listen_with(w, &with_own_cas);
    assert_int_equal(told_to(w, &client), REFUSED); /* of a CA that is not ours yet */
    diag_server_use(w->server, bot);
    assert_int_equal(told_to(w, &client), DETAILS);
    assert_int_equal(told_to(w, &stranger), REFUSED);
    X509_free(client.cert);
    identity_release(&stranger);
    host_ca_release(&host);
}

/* A machine that joins a cluster chooses the DNS names it gets a certificate for. */
static void test_dns_names_by_the_clusters_cas_prove_nothing(void **state)
{
    struct server_world *w = *state;
    struct host_ca host;
    host_ca_init(&host, FIXTURE_CLUSTER);
    CLEANUP(credentials_freep) struct credentials *bot = host_ca_bot(&host, "bot-test");
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    struct identity joined = {host_ca_issue(&host, key, "DNS:prometheus,DNS:probe.example", 0),
                              key_evp(key)};
    listen_with(w, &with_own_cas);
    diag_server_use(w->server, bot);
    assert_int_equal(told_to(w, &joined), A_CODE);
    X509_free(joined.cert);
    host_ca_release(&host);
}

/* The certificate shown is of files, the CAs come with the agent's identity. */
static void test_before_there_are_cas_no_certificate_will_do(void **state)
{
    struct server_world *w = *state;
    char cert[128], key[128];
    struct host_ca host = {.key = NULL};
    host_ca_init(&host, FIXTURE_CLUSTER);
    CLEANUP(credentials_freep) struct credentials *bot = host_ca_bot(&host, "bot-test");
    CLEANUP(key_freep) struct key *client_key = fixture_key(KEY_ECDSA_P256);
    struct identity client = {host_ca_issue(&host, client_key, "URI:" SPIFFE, 0),
                              key_evp(client_key)};
    struct identity id = tls_world_make("prometheus", NULL, &ca);
    tls_world_put_cert(w, "tls.crt", &ca);
    tls_world_put_key(w, "tls.key", &ca);
    snprintf(cert, sizeof(cert), "%s", temp_dir_join(&w->dir, "tls.crt"));
    snprintf(key, sizeof(key), "%s", temp_dir_join(&w->dir, "tls.key"));
    const struct diag_tls_config tls = {.cert = cert, .key = key, .allow = &allow};
    w->tls = &tls;
    world_listen(w, "https://0.0.0.0:0");
    assert_int_equal(told_to(w, &id), REFUSED);
    assert_int_equal(told_to(w, &client), REFUSED);
    assert_int_equal(told_to(w, NULL), A_CODE);
    diag_server_use(w->server, bot);
    assert_int_equal(told_to(w, &client), DETAILS);
    assert_int_equal(told_to(w, &id), REFUSED);
    identity_release(&id);
    X509_free(client.cert);
    host_ca_release(&host);
}

/* A token counts for as much over TLS, and a wrong one is not made up for by a certificate. */
static void test_tokens_and_certificates_go_together(void **state)
{
    struct server_world *w = *state;
    char path[128];
    struct identity id = tls_world_make("prometheus", NULL, &ca);
    temp_dir_put(&w->dir, "tokens", bytes_of_str("prometheus read a-token-0123456789\n"));
    snprintf(path, sizeof(path), "%s", temp_dir_join(&w->dir, "tokens"));
    w->token_file = path;
    listen_with(w, &with_file);
    static const char good[] = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               "Authorization: Bearer a-token-0123456789\r\n\r\n";
    static const char wrong[] = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Authorization: Bearer b-token-0123456789\r\n\r\n";
    assert_non_null(strstr(tls_client_ask(w, NULL, good), "nobody answers"));
    assert_non_null(strstr(tls_client_ask(w, &id, wrong), "HTTP/1.1 401 "));
    identity_release(&id);
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_listed_names_are_known),
        WORLD_TEST(test_others_of_the_same_ca_are_strangers),
        WORLD_TEST(test_certificate_that_does_not_verify_ends_the_handshake),
        WORLD_TEST(test_expired_certificate_ends_the_handshake_by_our_clock),
        WORLD_TEST(test_certificate_that_expires_meanwhile_proves_nothing_more),
        WORLD_TEST(test_ca_file_that_changed_is_read_again),
        WORLD_TEST(test_without_a_list_nobody_is_asked),
        WORLD_TEST(test_cas_of_the_agents_identity_are_the_default),
        WORLD_TEST(test_dns_names_by_the_clusters_cas_prove_nothing),
        WORLD_TEST(test_before_there_are_cas_no_certificate_will_do),
        WORLD_TEST(test_tokens_and_certificates_go_together),
    };
    return cmocka_run_group_tests(tests, make_identities, release_identities);
}
