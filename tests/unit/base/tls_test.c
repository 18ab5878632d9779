/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/base/tls_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#define NAME "auth.cluster.example"
#define LONG_LABEL                                                                                 \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabb"
#define LONG_NAME LONG_LABEL ".teleport.cluster.local"

static struct identity ca, other_ca, server_id, client_id;
static STACK_OF(X509) * roots;
static struct fake_clock now;
static struct ctx ctx;

static struct identity issue(const char *name, const char *san, const struct identity *issuer)
{
    /* Past its end by any real clock: a test that passes proves whose clock was asked. */
    return identity_make(
        &(struct identity_spec){name, san, issuer, "20250101000000Z", "20260201000000Z"});
}

static int group_setup(void **state)
{
    (void)state;
    ca = issue("host CA", NULL, NULL);
    other_ca = issue("other CA", NULL, NULL);
    server_id =
        issue("server", "DNS:" NAME ",IP:10.0.0.1,DNS:" LONG_NAME ",DNS:*.wild.example", &ca);
    client_id = issue("bot-test", NULL, &ca);
    roots = sk_X509_new_null();
    sk_X509_push(roots, ca.cert);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    sk_X509_free(roots);
    identity_release(&ca);
    identity_release(&other_ca);
    identity_release(&server_id);
    identity_release(&client_id);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    fake_clock_init(&now, "2026-01-02T03:04:05Z");
    ctx = (struct ctx){.clock = &now.clock, .deadline = MONO_NEVER};
    return 0;
}

/* Our own server: accepts, tells what it saw, echoes until the end. */
struct echo_server {
    const struct identity *identity;
    const char *const *alpn;
    bool abrupt; /* closes the socket without saying goodbye */
    char client[64];
    char alpn_seen[64];
    enum err_code failed;
};

static void echo_all(struct tls *t)
{
    static char data[16384];
    size_t n = 0;

    for (;;) {
        struct err *e = tls_read(t, data, sizeof(data), &ctx, &n);
        if (!e && n > 0)
            e = tls_write_all(t, data, n, &ctx);
        if (e || n == 0) {
            err_free(e);
            return;
        }
    }
}

static RESULT echo_accept(int fd, struct echo_server *s, struct tls **ret)
{
    const struct tls_server_config config = {.cert = s->identity->cert,
                                             .key = s->identity->key,
                                             .alpn = s->alpn,
                                             .request_client_cert = true};
    CLEANUP(tls_server_freep) struct tls_server *server = NULL;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    TRY(tls_server_new(&config, &server));
    return tls_accept(fd, server, &ctx, ret);
}

static void echo_run(int fd, void *arg)
{
    struct echo_server *s = arg;
    CLEANUP(tls_freep) struct tls *t = NULL;
    struct err *e = echo_accept(fd, s, &t);

    s->failed = err_code(e);
    err_free(e);
    if (!t)
        return;
    snprintf(s->alpn_seen, sizeof(s->alpn_seen), "%s", tls_alpn(t));
    if (tls_peer_cert(t))
        X509_NAME_get_text_by_NID(X509_get_subject_name(tls_peer_cert(t)), NID_commonName,
                                  s->client, sizeof(s->client));
    if (s->abrupt)
        shutdown(tls_fd(t), SHUT_RDWR); /* what follows fails, quietly */
    else
        echo_all(t);
}

static const char *const h2[] = {"h2", NULL};

static struct tls_client_config client_config(void)
{
    return (struct tls_client_config){.sni = NAME,
                                      .verify = TLS_VERIFY_ROOTS,
                                      .verify_name = NAME,
                                      .roots = roots,
                                      .cert = client_id.cert,
                                      .key = client_id.key};
}

/* Connects to an echo server with `config` and expects it to fail so. */
static void assert_refused(const struct tls_client_config *config, struct echo_server *server,
                           enum err_code code, const char *part)
{
    struct far_end far;
    struct tls *t = NULL;
    int fd = far_end_start(&far, echo_run, server);

    assert_fails(tls_connect(fd, config, &ctx, &t), code, part);
    assert_null(t);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* taken over and closed */
    far_end_join(&far);
}

static void assert_accepted(const struct tls_client_config *config)
{
    struct echo_server server = {.identity = &server_id};
    struct far_end far;
    CLEANUP(tls_freep) struct tls *t = NULL;

    assert_ok(tls_connect(far_end_start(&far, echo_run, &server), config, &ctx, &t));
    tls_free(TAKE(t));
    far_end_join(&far);
    assert_int_equal(server.failed, ERR_OK);
}

static void test_connect_negotiates_and_shows_both_certificates(void **state)
{
    (void)state;
    static const char *const server_alpn[] = {"http/1.1", "h2", NULL};
    static const char *const client_alpn[] = {"unknown", "h2", NULL};
    struct echo_server server = {.identity = &server_id, .alpn = server_alpn};
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;

    config.alpn = client_alpn;
    config.require_alpn = "h2";
    assert_ok(tls_connect(far_end_start(&far, echo_run, &server), &config, &ctx, &t));
    assert_string_equal(tls_alpn(t), "h2");
    assert_int_equal(X509_cmp(tls_peer_cert(t), server_id.cert), 0);
    tls_free(t);
    far_end_join(&far);
    assert_string_equal(server.client, "bot-test");
    assert_string_equal(server.alpn_seen, "h2");
}

static void read_exactly(struct tls *t, char *out, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        assert_ok(tls_read(t, out, len, &ctx, &n));
        assert_int_not_equal(n, 0);
        out += n;
        len -= n;
    }
}

static void test_data_comes_back_whole_and_the_end_is_orderly(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id};
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;
    char sent[50000], back[50000];
    size_t n = 1;

    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 7 + i / 251);
    assert_ok(tls_connect(far_end_start(&far, echo_run, &server), &config, &ctx, &t));
    for (int round = 0; round < 8; round++) {
        assert_ok(tls_write_all(t, sent, sizeof(sent), &ctx));
        read_exactly(t, back, sizeof(back));
        assert_memory_equal(sent, back, sizeof(sent));
    }
    tls_shutdown(t);
    assert_ok(tls_read(t, back, 1, &ctx, &n));
    assert_int_equal(n, 0);
    tls_free(t);
    far_end_join(&far);
}

static void test_read_without_data_wants_to_read(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id};
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;
    struct err *e = NULL;
    char byte;
    size_t n;

    assert_ok(tls_connect(far_end_start(&far, echo_run, &server), &config, &ctx, &t));
    assert_int_equal(tls_try_read(t, &byte, 1, &n, &e), TLS_WANT_READ);
    assert_int_equal(tls_try_write(t, "x", 1, &n, &e), TLS_DONE);
    assert_int_equal(n, 1);
    read_exactly(t, &byte, 1);
    assert_int_equal(byte, 'x');
    tls_free(t);
    far_end_join(&far);
}

static void test_connection_cut_is_unavailable(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id, .abrupt = true};
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;
    char byte;
    size_t n = 0;

    assert_ok(tls_connect(far_end_start(&far, echo_run, &server), &config, &ctx, &t));
    assert_fails(tls_read(t, &byte, 1, &ctx, &n), ERR_UNAVAILABLE, "closed");
    tls_free(t);
    far_end_join(&far);
}

static void test_name_must_be_in_the_certificate(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id};
    struct tls_client_config config = client_config();

    config.verify_name = "elsewhere.example";
    assert_refused(&config, &server, ERR_UNTRUSTED,
                   "not for 'elsewhere.example' but for DNS:" NAME);
    config.verify_name = "10.0.0.2";
    assert_refused(&config, &server, ERR_UNTRUSTED, "not for '10.0.0.2'");
    config.verify_name = "server"; /* the common name is no name */
    assert_refused(&config, &server, ERR_UNTRUSTED, "not for 'server'");
    config.verify_name = NULL;
    assert_refused(&config, &server, ERR_BUG, "without a name");
}

static void test_names_of_every_kind_are_accepted(void **state)
{
    (void)state;
    static const char *const names[] = {NAME, "10.0.0.1", LONG_NAME, LONG_LABEL ".wild.example"};
    struct tls_client_config config = client_config();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        config.verify_name = names[i];
        config.sni = strcmp(names[i], "10.0.0.1") == 0 ? NULL : names[i];
        assert_accepted(&config);
    }
}

static void test_certificate_is_judged_by_our_clock(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id};
    struct tls_client_config config = client_config();

    fake_clock_init(&now, "2026-02-01T00:00:01Z");
    assert_refused(&config, &server, ERR_EXPIRED,
                   "expired at 2026-02-01T00:00:00Z; here it is 2026-02-01T00:00:01Z");
    fake_clock_init(&now, "2024-12-31T00:00:00Z");
    assert_refused(&config, &server, ERR_EXPIRED, "not valid before 2025-01-01T00:00:00Z");
}

static void test_certificate_of_another_ca_is_untrusted(void **state)
{
    (void)state;
    struct identity id = issue("impostor", "DNS:" NAME, &other_ca);
    struct echo_server server = {.identity = &id};
    struct tls_client_config config = client_config();

    assert_refused(&config, &server, ERR_UNTRUSTED,
                   "'CN=impostor', issued by 'CN=other CA', is not trusted");
    identity_release(&id);
}

static void test_system_roots_do_not_trust_our_ca(void **state)
{
    (void)state;
    struct echo_server server = {.identity = &server_id};
    struct tls_client_config config = client_config();

    config.verify = TLS_VERIFY_SYSTEM;
    assert_refused(&config, &server, ERR_UNTRUSTED, "not trusted");
}

static void test_verify_none_accepts_anybody(void **state)
{
    (void)state;
    struct tls_client_config config = client_config();

    config.verify = TLS_VERIFY_NONE;
    config.verify_name = NULL;
    config.roots = NULL;
    fake_clock_init(&now, "2040-01-01T00:00:00Z");
    assert_accepted(&config);
}

static void test_no_common_protocol_is_a_protocol_error(void **state)
{
    (void)state;
    static const char *const grpc[] = {"teleport-auth@61", NULL};
    struct echo_server server = {.identity = &server_id, .alpn = h2};
    struct echo_server without = {.identity = &server_id};
    struct tls_client_config config = client_config();

    config.alpn = grpc;
    config.require_alpn = grpc[0];
    assert_refused(&config, &server, ERR_PROTOCOL, "no application protocol");
    assert_refused(&config, &without, ERR_PROTOCOL, "chose no protocol (ALPN)");
    config.alpn = h2;
    assert_refused(&config, &server, ERR_PROTOCOL, "chose protocol 'h2'");
}

static void test_alpn_name_must_fit_its_length_byte(void **state)
{
    (void)state;
    char longest[257];
    const char *const names[] = {longest, NULL};
    struct echo_server server = {.identity = &server_id, .alpn = names};
    struct tls_client_config config = client_config();

    memset(longest, 'a', 256);
    longest[256] = '\0';
    config.alpn = names;
    assert_refused(&config, &server, ERR_PROTOCOL, "256 bytes");
    longest[255] = '\0';
    config.require_alpn = longest;
    assert_accepted(&(struct tls_client_config){.verify = TLS_VERIFY_NONE, .alpn = names});
}

static void say_http(int fd, void *arg)
{
    static const char reply[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    char hello[4096];

    (void)arg;
    if (read(fd, hello, sizeof(hello)) > 0)
        (void)!write(fd, reply, sizeof(reply) - 1);
    close(fd);
}

static void hang_up(int fd, void *arg)
{
    (void)arg;
    close(fd);
}

static void test_other_protocols_and_nobody(void **state)
{
    (void)state;
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;

    assert_fails(tls_connect(far_end_start(&far, say_http, NULL), &config, &ctx, &t), ERR_PROTOCOL,
                 "does not speak TLS");
    far_end_join(&far);
    assert_fails(tls_connect(far_end_start(&far, hang_up, NULL), &config, &ctx, &t),
                 ERR_UNAVAILABLE, "TLS handshake");
    far_end_join(&far);
}

/* Says nothing until the other side goes away. */
static void keep_silent(int fd, void *arg)
{
    char data[4096];

    (void)arg;
    while (read(fd, data, sizeof(data)) > 0)
        ;
    close(fd);
}

static void test_silence_ends_at_the_deadline(void **state)
{
    (void)state;
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;
    struct ctx soon = ctx_until(&ctx, dur_s(10));

    now.tick = dur_s(11); /* the first look at the clock is in time, the next is not */
    assert_fails(tls_connect(far_end_start(&far, keep_silent, NULL), &config, &soon, &t),
                 ERR_TIMEOUT, "timed out");
    far_end_join(&far);
}

static void cancel_then_keep_silent(int fd, void *arg)
{
    char byte;

    (void)!read(fd, &byte, 1); /* the handshake is under way */
    cancel_fire(arg);
    keep_silent(fd, NULL);
}

static void test_silence_ends_when_cancelled(void **state)
{
    (void)state;
    CLEANUP(cancel_freep) struct cancel *cancel = NULL;
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *t = NULL;

    assert_ok(cancel_new(&cancel));
    ctx.cancel = cancel;
    int fd = far_end_start(&far, cancel_then_keep_silent, cancel);
    assert_fails(tls_connect(fd, &config, &ctx, &t), ERR_CANCELLED, "cancelled");
    far_end_join(&far);
}

/* In TLS 1.3 the client's handshake is over before the server judges: the next call is told. */
static void assert_told(const struct tls_client_config *config, struct strict_server *server,
                        enum err_code code, const char *part)
{
    struct far_end far;
    CLEANUP(tls_freep) struct tls *t = NULL;
    char byte;
    size_t n = 0;
    int fd = far_end_start(&far, strict_server_run, server);

    if (server->max_version == TLS1_2_VERSION) {
        assert_fails(tls_connect(fd, config, &ctx, &t), code, part);
        far_end_join(&far);
        return;
    }
    assert_ok(tls_connect(fd, config, &ctx, &t));
    far_end_join(&far);
    if (code == ERR_EXPIRED)
        assert_fails(tls_write_all(t, "x", 1, &ctx), code, part);
    else
        assert_fails(tls_read(t, &byte, 1, &ctx, &n), code, part);
}

static void test_alerts_about_our_certificate(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, 0};
    struct tls_client_config config = client_config();
    struct strict_server server = {.identity = &server_id};

    for (size_t i = 0; i < 2; i++) {
        server.max_version = versions[i];
        server.verdict = X509_V_ERR_CERT_HAS_EXPIRED;
        assert_told(&config, &server, ERR_EXPIRED, "refuses our certificate");
        server.verdict = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        assert_told(&config, &server, ERR_DENIED, "unknown CA");
        server.verdict = X509_V_ERR_CERT_REVOKED;
        assert_told(&config, &server, ERR_DENIED, "refuses our certificate");
    }
    config.cert = NULL;
    assert_told(&config, &server, ERR_DENIED, "wants a client certificate");
}

/* The server says "expired": what we advise depends on what our own clock makes of the certificate. */
static void assert_advised(const char *when, const char *part, const char *hint)
{
    struct tls_client_config config = client_config();
    struct strict_server server = {.identity = &server_id,
                                   .max_version = TLS1_2_VERSION,
                                   .verdict = X509_V_ERR_CERT_HAS_EXPIRED};
    struct far_end far;
    struct tls *t = NULL;

    config.verify = TLS_VERIFY_NONE;
    fake_clock_init(&now, when);
    CLEANUP(err_freep)
    struct err *e = tls_connect(far_end_start(&far, strict_server_run, &server), &config, &ctx, &t);
    far_end_join(&far);
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_EXPIRED);
    assert_non_null(strstr(text, part));
    assert_non_null(strstr(err_hint(e), hint));
}

static void test_certificate_that_expired_only_elsewhere_is_about_clocks(void **state)
{
    (void)state;
    assert_advised("2026-01-02T03:04:05Z",
                   "here it is 2026-01-02T03:04:05Z, and the certificate is valid from "
                   "2025-01-01T00:00:00Z to 2026-02-01T00:00:00Z",
                   "clocks of this machine and of the server differ");
    assert_advised("2024-12-31T00:00:00Z", "here it is 2024-12-31", "clocks");
    assert_advised("2026-02-02T00:00:00Z", "here it is 2026-02-02", "a new token");
}

static void test_tls_in_tls_carries_data(void **state)
{
    (void)state;
    struct identity proxy = issue("proxy", "DNS:proxy.example", &other_ca);
    struct strict_server server = {.identity = &proxy, .inner = &server_id};
    struct tls_client_config outer = {.verify = TLS_VERIFY_NONE}, inner = client_config();
    struct far_end far;
    struct tls *pipe = NULL, *t = NULL;
    static char sent[100000], back[100000];

    memset(sent, 'z', sizeof(sent));
    int fd = far_end_start(&far, strict_server_run, &server);
    assert_ok(tls_connect(fd, &outer, &ctx, &pipe));
    assert_ok(tls_connect_over(pipe, &inner, &ctx, &t));
    assert_int_equal(tls_fd(t), fd);
    assert_int_equal(X509_cmp(tls_peer_cert(t), server_id.cert), 0);
    for (size_t at = 0; at < sizeof(sent); at += 10000) {
        assert_ok(tls_write_all(t, sent + at, 10000, &ctx));
        read_exactly(t, back + at, 10000);
    }
    assert_memory_equal(sent, back, sizeof(sent));
    tls_free(t);
    far_end_join(&far);
    identity_release(&proxy);
}

static void test_tls_in_tls_verifies_the_inner_server(void **state)
{
    (void)state;
    struct identity impostor = issue("impostor", "DNS:" NAME, &other_ca);
    struct strict_server server = {.identity = &server_id, .inner = &impostor};
    struct tls_client_config config = client_config();
    struct far_end far;
    struct tls *pipe = NULL, *t = NULL;

    assert_ok(tls_connect(far_end_start(&far, strict_server_run, &server), &config, &ctx, &pipe));
    assert_fails(tls_connect_over(pipe, &config, &ctx, &t), ERR_UNTRUSTED, "'CN=impostor'");
    assert_null(t);
    far_end_join(&far);
    identity_release(&impostor);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_connect_negotiates_and_shows_both_certificates),
        TEST(test_data_comes_back_whole_and_the_end_is_orderly),
        TEST(test_read_without_data_wants_to_read),
        TEST(test_connection_cut_is_unavailable),
        TEST(test_name_must_be_in_the_certificate),
        TEST(test_names_of_every_kind_are_accepted),
        TEST(test_certificate_is_judged_by_our_clock),
        TEST(test_certificate_of_another_ca_is_untrusted),
        TEST(test_system_roots_do_not_trust_our_ca),
        TEST(test_verify_none_accepts_anybody),
        TEST(test_no_common_protocol_is_a_protocol_error),
        TEST(test_alpn_name_must_fit_its_length_byte),
        TEST(test_other_protocols_and_nobody),
        TEST(test_silence_ends_at_the_deadline),
        TEST(test_silence_ends_when_cancelled),
        TEST(test_alerts_about_our_certificate),
        TEST(test_certificate_that_expired_only_elsewhere_is_about_clocks),
        TEST(test_tls_in_tls_carries_data),
        TEST(test_tls_in_tls_verifies_the_inner_server),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
