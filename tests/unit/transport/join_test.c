/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/join.h"

#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_join.h"
#include "tests/support/pki_fixture.h"
#include "transport/transport.h"

#include <stdio.h>

#define TOKEN "the-token"

struct world {
    struct host_ca ca;
    struct fake_join server;
    struct fake_cluster *fc;
    struct key *key; /* the one that was made last */
    int n_keys;
    enum suite suite;
    struct secret *token;
    struct strlist pins;
    char ca_file[64];
    struct join_config config;
    struct join_report report;
    struct credentials *creds;
};

static struct err *make_key(void *arg, enum suite suite, struct key **ret)
{
    struct world *w = arg;
    key_free(w->key);
    w->key = fixture_key(KEY_ECDSA_P256);
    w->suite = suite;
    w->n_keys++;
    *ret = key_ref(w->key);
    fake_cluster_sync(w->fc);
    return NULL;
}

static void write_ca_file(struct world *w)
{
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    snprintf(w->ca_file, sizeof(w->ca_file), "/tmp/tbot-join-test-XXXXXX");
    int fd = mkstemp(w->ca_file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
    close(fd);
    /* The web certificate is of the same CA here, as if it were one of the system's. */
    assert_int_equal(setenv("SSL_CERT_FILE", w->ca_file, 1), 0);
}

static void start(struct world *w)
{
    struct fake_cluster_config config = {
        .ca = &w->ca,
        .handle = fake_join_handle,
        .handle_http = fake_join_handle_http,
        .arg = &w->server,
    };
    w->fc = w->server.fc = fake_cluster_start(&config);
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, "example");
    write_ca_file(w);
    w->server = (struct fake_join) {
        .cluster = "example",
        .version = "17.2.0",
        .suite_number = 2,
        .token = TOKEN,
        .ca = &w->ca,
        .knows_register = true,
        .key = &w->key,
    };
    assert_ok(secret_new(TOKEN, strlen(TOKEN), &w->token));
    w->config = (struct join_config) {
        .kind = PATH_AUTH,
        .token = w->token,
        .ttl = dur_s(3600),
        .make_key = make_key,
        .arg = w,
        .report = &w->report,
    };
    start(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fake_cluster_stop(w->fc);
    credentials_free(w->creds);
    key_free(w->key);
    secret_free(w->token);
    strlist_release(&w->pins);
    host_ca_release(&w->ca);
    unlink(w->ca_file);
    free(w);
    return 0;
}

static RESULT join(struct world *w)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, dur_s(30));
    credentials_free(TAKE(w->creds));
    fake_cluster_sync(w->fc);
    struct err *e = join_by_token(&w->config, &ctx, &w->creds);
    fake_cluster_sync(w->fc);
    return e;
}

static void assert_joined(const struct world *w, enum route via)
{
    assert_string_equal(credentials_subject(w->creds)->username, "bot-joined");
    assert_true(key_equals(credentials_key(w->creds), w->key));
    assert_int_equal(sk_X509_num(credentials_roots(w->creds)), 1);
    assert_int_equal(credentials_ssh_cas(w->creds)->len, 1);
    assert_string_equal(w->report.cluster, "example");
    assert_string_equal(w->report.server_version, w->server.version);
    assert_int_equal(w->report.via, via);
    assert_true(w->report.token_may_be_used);
    assert_int_equal(atomic_load(&w->server.n_tokens), 1);
    assert_int_equal(w->suite, w->server.suite_number == 2 ? SUITE_BALANCED_V1 : SUITE_LEGACY);
}

static void pin(struct world *w, X509 *cert)
{
    struct pin p;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(cert, &p));
    assert_ok(strlist_add(&w->pins, pin_format(&p, text)));
    w->config.ca_pins = &w->pins;
}

/* --- at an auth server, by version --- */

static void test_auth_when_version_18_joins_by_stream(void **state)
{
    struct world *w = *state;
    w->server.version = "18.1.0";
    w->server.knows_stream = true;
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_int_equal(atomic_load(&w->server.n_streams), 1);
    assert_int_equal(atomic_load(&w->server.n_registers), 0);
    assert_string_equal(w->server.client_version, "18.1.0");
}

static void test_auth_when_version_18_lacks_the_stream_registers(void **state)
{
    struct world *w = *state;
    w->server.version = "18.0.0-alpha.1";
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_int_equal(atomic_load(&w->server.n_registers), 1);
}

static void test_auth_when_version_17_registers(void **state)
{
    struct world *w = *state;
    w->server.knows_stream = true;
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_int_equal(atomic_load(&w->server.n_streams), 0);
    assert_int_equal(atomic_load(&w->server.n_registers), 1);
}

static void test_auth_when_version_16_lacks_register_uses_http(void **state)
{
    struct world *w = *state;
    w->server.version = "16.0.1";
    w->server.suite_number = 0;
    w->server.knows_register = false;
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_int_equal(atomic_load(&w->server.n_registers), 1);
    assert_int_equal(atomic_load(&w->server.n_http), 1);
}

static void test_auth_when_version_15_uses_http_at_once(void **state)
{
    struct world *w = *state;
    w->server.version = "15.4.2";
    w->server.suite_number = 0;
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_int_equal(atomic_load(&w->server.n_registers), 0);
    assert_string_equal(w->server.http_path, "/v2/tokens/register");
    assert_string_equal(w->server.http_host, "teleport.cluster.local");
}

/* --- whom to trust --- */

static void test_auth_when_nothing_vouches_for_it_says_so(void **state)
{
    struct world *w = *state;
    assert_ok(join(w));
    assert_true(w->report.is_unverified);
}

static void test_auth_when_pinned_is_verified(void **state)
{
    struct world *w = *state;
    pin(w, w->ca.cert);
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_false(w->report.is_unverified);
    assert_int_equal(atomic_load(&w->server.n_ca), 1);
    assert_int_equal(fake_cluster_connections(w->fc), 2);
}

static void test_auth_when_the_pin_is_anothers_keeps_the_token(void **state)
{
    struct world *w = *state;
    CLEANUP(x509_freep) X509 *other = fixture_new_ca("other");
    pin(w, other);
    assert_fails(join(w), ERR_UNTRUSTED, "join at the auth server");
    assert_int_equal(atomic_load(&w->server.n_tokens), 0);
    assert_false(w->report.token_may_be_used);
}

static void test_auth_when_its_certificate_is_not_of_the_pinned_ca_keeps_the_token(void **state)
{
    struct world *w = *state;
    /* A man in the middle can show the real CA, but has no certificate of it. */
    struct host_ca forged;
    host_ca_init(&forged, "example");
    fake_cluster_stop(w->fc);
    struct fake_cluster_config config = {
        .ca = &forged,
        .handle = fake_join_handle,
        .arg = &w->server,
    };
    w->fc = w->server.fc = fake_cluster_start(&config);
    w->config.address.port = fake_cluster_port(w->fc);
    pin(w, w->ca.cert);
    assert_fails(join(w), ERR_UNTRUSTED, "TLS with");
    assert_int_equal(atomic_load(&w->server.n_ca), 1);
    assert_int_equal(atomic_load(&w->server.n_tokens), 0);
    host_ca_release(&forged);
}

static void test_auth_when_the_ca_file_vouches_is_verified(void **state)
{
    struct world *w = *state;
    w->config.ca_path = w->ca_file;
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
    assert_false(w->report.is_unverified);
    assert_int_equal(atomic_load(&w->server.n_ca), 0);
}

static void test_auth_when_the_ca_file_is_of_another_ca_keeps_the_token(void **state)
{
    struct world *w = *state;
    struct host_ca other;
    host_ca_init(&other, "other");
    CLEANUP(freep) char *pem = host_ca_pem(&other);
    FILE *f = fopen(w->ca_file, "w");
    fputs(pem, f);
    fclose(f);
    w->config.ca_path = w->ca_file;
    assert_fails(join(w), ERR_UNTRUSTED, "TLS with");
    assert_int_equal(atomic_load(&w->server.n_tokens), 0);
    host_ca_release(&other);
}

static void test_settings_when_unreadable_are_the_persons_mistake(void **state)
{
    struct world *w = *state;
    w->config.ca_path = "/nonexistent/ca.pem";
    assert_fails(join(w), ERR_CONFIG, "ca_path '/nonexistent/ca.pem'");
    assert_ok(strlist_add(&w->pins, "sha256:12"));
    w->config.ca_pins = &w->pins;
    assert_fails(join(w), ERR_CONFIG, "CA pin 'sha256:12'");
    assert_int_equal(fake_cluster_connections(w->fc), 0);
}

/* --- the token --- */

static void test_token_when_refused_is_denied_and_not_tried_elsewhere(void **state)
{
    struct world *w = *state;
    w->server.token = "another";
    w->server.version = "18.0.0";
    w->server.knows_stream = true;
    w->config.kind = PATH_UNKNOWN;
    assert_fails(join(w), ERR_DENIED, "the token is expired or not found");
    assert_int_equal(atomic_load(&w->server.n_tokens), 1);
}

static void assert_spent_once(struct world *w)
{
    w->server.is_broken = true;
    w->config.kind = PATH_UNKNOWN;
    CLEANUP(err_freep) struct err *e = join(w);
    assert_int_equal(err_code(e), ERR_UNAVAILABLE);
    assert_true(w->report.token_may_be_used);
    assert_int_equal(atomic_load(&w->server.n_tokens), 1);
}

static void test_token_when_the_stream_breaks_after_it_is_not_presented_again(void **state)
{
    struct world *w = *state;
    w->server.version = "18.0.0";
    w->server.knows_stream = true;
    assert_spent_once(w);
}

static void test_token_when_http_breaks_after_it_is_not_presented_again(void **state)
{
    assert_spent_once(*state);
}

static void test_token_when_register_breaks_after_it_is_not_presented_again(void **state)
{
    struct world *w = *state;
    w->server.is_broken = true;
    assert_fails(join(w), ERR_UNAVAILABLE, "RegisterUsingToken");
    assert_true(w->report.token_may_be_used);
    assert_int_equal(atomic_load(&w->server.n_tokens), 1);
}

static void test_token_when_of_another_method_is_given_up(void **state)
{
    struct world *w = *state;
    w->server.version = "18.0.0";
    w->server.knows_stream = true;
    w->server.stream_method = "tpm";
    assert_fails(join(w), ERR_REJECTED, "another join method");
    assert_int_equal(atomic_load(&w->server.n_tokens), 0);
    assert_int_equal(w->n_keys, 0);
}

/* --- at a proxy --- */

static void test_proxy_when_version_17_joins_by_http(void **state)
{
    struct world *w = *state;
    w->config.kind = PATH_PROXY;
    assert_ok(join(w));
    assert_joined(w, ROUTE_TLS_ROUTING);
    assert_false(w->report.is_unverified);
    assert_int_equal(atomic_load(&w->server.n_finds), 1);
    assert_string_equal(w->server.http_path, "/v1/webapi/host/credentials");
}

static void test_proxy_when_version_18_joins_by_stream(void **state)
{
    struct world *w = *state;
    w->config.kind = PATH_PROXY;
    w->server.version = "18.2.3";
    w->server.knows_stream = true;
    assert_ok(join(w));
    assert_joined(w, ROUTE_TLS_ROUTING);
    assert_int_equal(atomic_load(&w->server.n_streams), 1);
    assert_int_equal(atomic_load(&w->server.n_http), 0);
}

static void test_proxy_when_version_18_lacks_the_stream_joins_by_http(void **state)
{
    struct world *w = *state;
    w->config.kind = PATH_PROXY;
    w->server.version = "18.0.0";
    assert_ok(join(w));
    assert_joined(w, ROUTE_TLS_ROUTING);
    assert_int_equal(atomic_load(&w->server.n_http), 1);
}

static void test_proxy_when_its_web_certificate_is_unknown_keeps_the_token(void **state)
{
    struct world *w = *state;
    assert_int_equal(setenv("SSL_CERT_FILE", "/dev/null", 1), 0);
    w->config.kind = PATH_PROXY;
    assert_fails(join(w), ERR_UNTRUSTED, "join at the proxy");
    /* Nor is it a reason to try an auth server that nobody vouches for. */
    w->config.kind = PATH_UNKNOWN;
    assert_fails(join(w), ERR_UNTRUSTED, "join at the proxy");
    assert_int_equal(atomic_load(&w->server.n_tokens), 0);
    w->config.insecure = true;
    w->config.kind = PATH_PROXY;
    assert_ok(join(w));
    assert_true(w->report.is_unverified);
}

static void test_unknown_when_the_proxy_is_untrusted_but_the_pin_fits_joins_at_auth(void **state)
{
    struct world *w = *state;
    assert_int_equal(setenv("SSL_CERT_FILE", "/dev/null", 1), 0);
    w->config.kind = PATH_UNKNOWN;
    pin(w, w->ca.cert);
    assert_ok(join(w));
    assert_joined(w, ROUTE_DIRECT);
}

static void test_join_when_nobody_listens_tells_the_address(void **state)
{
    struct world *w = *state;
    w->config.address.port = 1;
    w->config.kind = PATH_UNKNOWN;
    assert_fails(join(w), ERR_UNAVAILABLE, "dial '127.0.0.1:1'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_auth_when_version_18_joins_by_stream),
        TEST(test_auth_when_version_18_lacks_the_stream_registers),
        TEST(test_auth_when_version_17_registers),
        TEST(test_auth_when_version_16_lacks_register_uses_http),
        TEST(test_auth_when_version_15_uses_http_at_once),
        TEST(test_auth_when_nothing_vouches_for_it_says_so),
        TEST(test_auth_when_pinned_is_verified),
        TEST(test_auth_when_the_pin_is_anothers_keeps_the_token),
        TEST(test_auth_when_its_certificate_is_not_of_the_pinned_ca_keeps_the_token),
        TEST(test_auth_when_the_ca_file_vouches_is_verified),
        TEST(test_auth_when_the_ca_file_is_of_another_ca_keeps_the_token),
        TEST(test_settings_when_unreadable_are_the_persons_mistake),
        TEST(test_token_when_refused_is_denied_and_not_tried_elsewhere),
        TEST(test_token_when_the_stream_breaks_after_it_is_not_presented_again),
        TEST(test_token_when_http_breaks_after_it_is_not_presented_again),
        TEST(test_token_when_register_breaks_after_it_is_not_presented_again),
        TEST(test_token_when_of_another_method_is_given_up),
        TEST(test_proxy_when_version_17_joins_by_http),
        TEST(test_proxy_when_version_18_joins_by_stream),
        TEST(test_proxy_when_version_18_lacks_the_stream_joins_by_http),
        TEST(test_proxy_when_its_web_certificate_is_unknown_keeps_the_token),
        TEST(test_unknown_when_the_proxy_is_untrusted_but_the_pin_fits_joins_at_auth),
        TEST(test_join_when_nobody_listens_tells_the_address),
    };
    assert_ok(transport_init(NULL));
    int failed = cmocka_run_group_tests_name("transport/join", tests, NULL, NULL);
    transport_shutdown();
    return failed;
}
