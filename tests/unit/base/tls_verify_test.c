/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/base/tls_world.h"

#include <openssl/pem.h>
#include <string.h>

static void test_name_must_be_in_the_certificate(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);

    config.verify_name = "elsewhere.example";
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED,
                             "not for 'elsewhere.example' but for DNS:" TLS_WORLD_NAME);
    config.verify_name = "10.0.0.2";
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not for '10.0.0.2'");
    config.verify_name = "server"; /* the common name is no name */
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not for 'server'");
    config.verify_name = NULL;
    tls_world_assert_refused(w, &config, &server, ERR_BUG, "without a name");
}

static void test_names_of_every_kind_are_accepted(void **state)
{
    struct tls_world *w = *state;
    static const char *const names[] = {TLS_WORLD_NAME, "10.0.0.1", TLS_WORLD_LONG_NAME,
                                        TLS_WORLD_LONG_LABEL ".wild.example"};
    struct tls_client_config config = tls_world_client(w);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        config.verify_name = names[i];
        config.sni = strcmp(names[i], "10.0.0.1") == 0 ? NULL : names[i];
        tls_world_assert_accepted(w, &config);
    }
}

static void test_certificate_is_judged_by_our_clock(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);

    fake_clock_init(&w->now, "2026-02-01T00:00:01Z");
    tls_world_assert_refused(w, &config, &server, ERR_EXPIRED,
                             "expired at 2026-02-01T00:00:00Z; here it is 2026-02-01T00:00:01Z");
    fake_clock_init(&w->now, "2024-12-31T00:00:00Z");
    tls_world_assert_refused(w, &config, &server, ERR_EXPIRED,
                             "not valid before 2025-01-01T00:00:00Z");
}

static void test_certificate_of_another_ca_is_untrusted(void **state)
{
    struct tls_world *w = *state;
    struct identity id = tls_world_issue("impostor", "DNS:" TLS_WORLD_NAME, &w->other_ca);
    struct echo_server server = {.ctx = &w->ctx, .identity = &id};
    struct tls_client_config config = tls_world_client(w);

    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED,
                             "'CN=impostor', issued by 'CN=other CA', is not trusted");
    identity_release(&id);
}

static void test_system_roots_do_not_trust_our_ca(void **state)
{
    struct tls_world *w = *state;
    struct echo_server server = {.ctx = &w->ctx, .identity = &w->server_id};
    struct tls_client_config config = tls_world_client(w);

    config.verify = TLS_VERIFY_SYSTEM;
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not trusted");
}

static void put_pem(const char *label, const unsigned char *der, int len, FILE *file)
{
    assert_true(PEM_write(file, label, "", der, len) > 0);
}

/* A bundle as distributions have them: other things first, the one that is asked for among them. */
static void write_bundle(const struct tls_world *w, const char *path, const char *label)
{
    unsigned char *der = NULL;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    put_pem("CERTIFICATE", (const unsigned char *)"no certificate", 14, file);
    put_pem("CERTIFICATE", (const unsigned char *)"\x30\x84\xff\xff\xff\xff\x30", 7, file);
    int len = i2d_X509(w->other_ca.cert, &der);
    put_pem("CERTIFICATE", der, len, file);
    OPENSSL_free(TAKE(der));
    len = i2d_X509(w->ca.cert, &der);
    put_pem(label, der, len, file);
    OPENSSL_free(der);
    assert_int_equal(fclose(file), 0);
}

static void test_system_roots_are_those_of_the_environment(void **state)
{
    struct tls_world *w = *state;
    struct temp_dir dir = temp_dir_make();
    CLEANUP(freep) char *path = strdup(temp_dir_join(&dir, "bundle.pem"));
    struct identity id = tls_world_issue("impostor", "DNS:" TLS_WORLD_NAME, &w->server_id);
    struct echo_server server = {.ctx = &w->ctx, .identity = &id};
    struct tls_client_config config = tls_world_client(w);
    const char *before = getenv("SSL_CERT_FILE");
    CLEANUP(freep) char *saved = before ? strdup(before) : NULL;

    config.verify = TLS_VERIFY_SYSTEM;
    config.roots = NULL;
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not trusted"); /* no file */
    static const char *const labels[] = {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"};
    for (size_t i = 0; i < 3; i++) {
        write_bundle(w, path, labels[i]);
        tls_world_assert_accepted(w, &config);
        tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not trusted");
    }
    write_bundle(w, path, "PRIVATE KEY"); /* what is no certificate is passed over */
    server.identity = &w->server_id;
    tls_world_assert_refused(w, &config, &server, ERR_UNTRUSTED, "not trusted");
    if (saved)
        setenv("SSL_CERT_FILE", saved, 1);
    else
        unsetenv("SSL_CERT_FILE");
    identity_release(&id);
    temp_dir_remove(&dir);
}

static void test_verify_none_accepts_anybody(void **state)
{
    struct tls_world *w = *state;
    struct tls_client_config config = tls_world_client(w);

    config.verify = TLS_VERIFY_NONE;
    config.verify_name = NULL;
    config.roots = NULL;
    fake_clock_init(&w->now, "2040-01-01T00:00:00Z");
    tls_world_assert_accepted(w, &config);
}

/* In TLS 1.3 the client's handshake is over before the server judges: the next call is told. */
static void assert_told(const struct tls_world *w, const struct tls_client_config *config,
                        struct strict_server *server, enum err_code code, const char *part)
{
    struct far_end far;
    CLEANUP(tls_freep) struct tls *t = NULL;
    char byte;
    size_t n = 0;
    int fd = far_end_start(&far, strict_server_run, server);

    if (server->max_version == TLS1_2_VERSION) {
        assert_fails(tls_connect(fd, config, &w->ctx, &t), code, part);
        far_end_join(&far);
        return;
    }
    assert_ok(tls_connect(fd, config, &w->ctx, &t));
    far_end_join(&far);
    if (code == ERR_EXPIRED)
        assert_fails(tls_write_all(t, "x", 1, &w->ctx), code, part);
    else
        assert_fails(tls_read(t, &byte, 1, &w->ctx, &n), code, part);
}

static void test_alerts_about_our_certificate(void **state)
{
    struct tls_world *w = *state;
    static const int versions[] = {TLS1_2_VERSION, 0};
    struct tls_client_config config = tls_world_client(w);
    struct strict_server server = {.identity = &w->server_id};

    for (size_t i = 0; i < 2; i++) {
        server.max_version = versions[i];
        server.verdict = X509_V_ERR_CERT_HAS_EXPIRED;
        assert_told(w, &config, &server, ERR_EXPIRED, "refuses our certificate");
        server.verdict = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        assert_told(w, &config, &server, ERR_DENIED, "unknown CA");
        server.verdict = X509_V_ERR_CERT_REVOKED;
        assert_told(w, &config, &server, ERR_DENIED, "refuses our certificate");
    }
    config.cert = NULL;
    assert_told(w, &config, &server, ERR_DENIED, "wants a client certificate");
}

/* The server says "expired": what we advise depends on what our own clock makes of the certificate. */
static void assert_advised(struct tls_world *w, const char *when, const char *part,
                           const char *hint)
{
    struct tls_client_config config = tls_world_client(w);
    struct strict_server server = {.identity = &w->server_id,
                                   .max_version = TLS1_2_VERSION,
                                   .verdict = X509_V_ERR_CERT_HAS_EXPIRED};
    struct far_end far;
    struct tls *t = NULL;

    config.verify = TLS_VERIFY_NONE;
    fake_clock_init(&w->now, when);
    CLEANUP(err_freep)
    struct err *e =
        tls_connect(far_end_start(&far, strict_server_run, &server), &config, &w->ctx, &t);
    far_end_join(&far);
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_EXPIRED);
    assert_non_null(strstr(text, part));
    assert_non_null(strstr(err_hint(e), hint));
}

static void test_certificate_that_expired_only_elsewhere_is_about_clocks(void **state)
{
    struct tls_world *w = *state;
    assert_advised(w, "2026-01-02T03:04:05Z",
                   "here it is 2026-01-02T03:04:05Z, and the certificate is valid from "
                   "2025-01-01T00:00:00Z to 2026-02-01T00:00:00Z",
                   "clocks of this machine and of the server differ");
    assert_advised(w, "2024-12-31T00:00:00Z", "here it is 2024-12-31", "clocks");
    assert_advised(w, "2026-02-02T00:00:00Z", "here it is 2026-02-02", "a new token");
}

static void test_tls_in_tls_verifies_the_inner_server(void **state)
{
    struct tls_world *w = *state;
    struct identity impostor = tls_world_issue("impostor", "DNS:" TLS_WORLD_NAME, &w->other_ca);
    struct strict_server server = {.identity = &w->server_id, .inner = &impostor};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *pipe = NULL, *t = NULL;

    assert_ok(
        tls_connect(far_end_start(&far, strict_server_run, &server), &config, &w->ctx, &pipe));
    assert_fails(tls_connect_over(pipe, &config, &w->ctx, &t), ERR_UNTRUSTED, "'CN=impostor'");
    assert_null(t);
    far_end_join(&far);
    identity_release(&impostor);
}

/* What a server that verifies its clients makes of one. */
static enum err_code verdict_on(const struct tls_world *w, const struct identity *client)
{
    struct echo_server server = {
        .ctx = &w->ctx, .identity = &w->server_id, .client_roots = w->roots};
    struct tls_client_config config = tls_world_client(w);
    struct far_end far;
    struct tls *t = NULL;

    config.verify = TLS_VERIFY_NONE; /* the clock moves */
    config.cert = client ? client->cert : NULL;
    config.key = client ? client->key : NULL;
    assert_ok(tls_connect(far_end_start(&far, echo_server_run, &server), &config, &w->ctx, &t));
    tls_free(t);
    far_end_join(&far);
    return server.failed;
}

static void test_client_must_lead_to_a_root_where_there_are_some(void **state)
{
    struct tls_world *w = *state;
    struct identity stranger = tls_world_issue("bot-test", NULL, &w->other_ca);
    struct identity self_made = tls_world_issue("bot-test", NULL, NULL);

    assert_int_equal(verdict_on(w, &w->client_id), ERR_OK);
    assert_int_equal(verdict_on(w, NULL), ERR_OK);
    assert_int_equal(verdict_on(w, &stranger), ERR_UNTRUSTED);
    assert_int_equal(verdict_on(w, &self_made), ERR_UNTRUSTED);
    fake_clock_init(&w->now, "2026-02-01T00:00:01Z");
    assert_int_equal(verdict_on(w, &w->client_id), ERR_EXPIRED);
    identity_release(&stranger);
    identity_release(&self_made);
}

/* Whose root is not listed itself. */
static void test_client_of_a_listed_intermediate_is_accepted(void **state)
{
    struct tls_world *w = *state;
    struct identity middle = identity_make(&(struct identity_spec){
        "middle", NULL, &w->other_ca, "20250101000000Z", "20260201000000Z", .is_ca = true});
    struct identity client = tls_world_issue("bot-test", NULL, &middle);

    assert_int_equal(verdict_on(w, &client), ERR_UNTRUSTED);
    sk_X509_push(w->roots, middle.cert);
    enum err_code code = verdict_on(w, &client);
    sk_X509_pop(w->roots);
    assert_int_equal(code, ERR_OK);
    identity_release(&middle);
    identity_release(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, tls_world_reset)
    const struct CMUnitTest tests[] = {
        TEST(test_name_must_be_in_the_certificate),
        TEST(test_names_of_every_kind_are_accepted),
        TEST(test_certificate_is_judged_by_our_clock),
        TEST(test_certificate_of_another_ca_is_untrusted),
        TEST(test_system_roots_do_not_trust_our_ca),
        TEST(test_system_roots_are_those_of_the_environment),
        TEST(test_verify_none_accepts_anybody),
        TEST(test_client_must_lead_to_a_root_where_there_are_some),
        TEST(test_client_of_a_listed_intermediate_is_accepted),
        TEST(test_alerts_about_our_certificate),
        TEST(test_certificate_that_expired_only_elsewhere_is_about_clocks),
        TEST(test_tls_in_tls_verifies_the_inner_server),
    };
    return cmocka_run_group_tests_name("base/tls_verify", tests, tls_world_set_up,
                                       tls_world_tear_down);
}
