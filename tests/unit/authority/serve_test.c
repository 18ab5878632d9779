/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/serve.h"

#include "authority/calls.h"
#include "authority/listener.h"
#include "authority/say.h"
#include "base/tls.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

/* One authority on both ports, for real sockets; its calendar is the tests'. */
static struct world {
    struct fake_clock time;
    struct authority *authority;
    struct conns *conns;
    struct cancel *stop;
    struct listener listeners[2];
    struct sockaddr_storage addrs[2]; /* as they were at the start */
    struct serve_config serve[2];
    struct key *key;
    X509 *cert; /* of the bot "b" */
} w;

static void join(void)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(65536);
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    assert_ok(key_generate(KEY_ECDSA_P256, &w.key));
    assert_ok(key_public_ssh_blob(w.key, &blob));
    const struct authority_join join = {
        .token = "t", .role = "Bot", .ssh_key = buf_bytes(&blob), .tls_key = key_evp(w.key)};
    assert_ok(authority_join(w.authority, &join, &made));
    assert_ok(x509_from_pem(buf_bytes(&made.tls), &w.cert));
}

static int start(void **state)
{
    (void)state;
    const struct strlist none = {0};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_storage addr = {0};
    say_nothing();
    signal(SIGPIPE, SIG_IGN);
    calls_global_init();
    fake_clock_init(&w.time, "2026-09-21T12:00:00Z");
    const struct authority_config config = {.cluster = "example",
                                            .suite = SUITE_BALANCED_V1,
                                            .version = 17,
                                            .leaves = &none,
                                            .clock = &w.time.clock,
                                            .entropy = entropy_system()};
    assert_ok(authority_new(&config, &w.authority));
    assert_ok(authority_add_bot(w.authority, "b", &none));
    assert_ok(authority_add_token(w.authority, "t", "b", NULL));
    assert_ok(conns_new(&w.conns));
    assert_ok(cancel_new(&w.stop));
    memcpy(&addr, &any, sizeof(any));
    for (int i = 0; i < 2; i++) {
        w.serve[i] = (struct serve_config){w.authority, clock_system(), w.stop, (enum serve_port)i};
        assert_ok(listener_open(&addr, &w.listeners[i]));
        socklen_t len = sizeof(w.addrs[i]);
        assert_int_equal(getsockname(w.listeners[i].fd, (struct sockaddr *)&w.addrs[i], &len), 0);
    }
    join();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cancel_fire(w.stop);
    conns_stop(w.conns);
    conns_free(w.conns);
    cancel_free(w.stop);
    for (int i = 0; i < 2; i++)
        listener_release(&w.listeners[i]);
    authority_free(w.authority);
    key_free(w.key);
    X509_free(w.cert);
    calls_global_release();
    return 0;
}

/* A connection that is being served. */
static int dial(enum serve_port port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&w.addrs[port], sizeof(struct sockaddr_in)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    struct pollfd accepting = {w.listeners[port].fd, POLLIN, 0};
    assert_int_equal(poll(&accepting, 1, 10000), 1);
    int accepted = listener_accept(&w.listeners[port]);
    assert_true(accepted >= 0);
    assert_ok(conns_start(w.conns, accepted, serve_conn, &w.serve[port]));
    return fd;
}

static struct ctx within(int64_t ms)
{
    const struct ctx whole = {clock_system(), NULL, MONO_NEVER};
    return ctx_until(&whole, dur_ms(ms));
}

static struct err *connect_tls(enum serve_port port, const char *const *alpn, X509 *cert,
                               struct tls **ret)
{
    const struct tls_client_config config = {.sni = "teleport.cluster.local",
                                             .alpn = alpn,
                                             .verify = TLS_VERIFY_NONE,
                                             .cert = cert,
                                             .key = cert ? key_evp(w.key) : NULL};
    const struct ctx ctx = within(10000);
    return tls_connect(dial(port), &config, &ctx, ret);
}

/* Whether the peer's certificate was issued by the host authority. */
static bool shows_host_cert(const struct tls *tls)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    assert_ok(x509_name_values(X509_get_issuer_name(tls_peer_cert(tls)), "2.5.4.10", &names));
    return strcmp(names.items[0], "example") == 0;
}

static void assert_route(const char *first, const char *second, const char *want, bool want_host)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    const char *const alpn[] = {first, second, NULL};
    assert_ok(connect_tls(SERVE_PORT_WEB, alpn, NULL, &tls));
    assert_string_equal(tls_alpn(tls), want);
    assert_int_equal(shows_host_cert(tls), want_host);
}

static void test_web_port_routes_by_the_clients_list(void **state)
{
    (void)state;
    assert_route("teleport-auth@6578.teleport.cluster.local", "h2", "h2", true);
    assert_route("teleport-proxy-grpc", "h2", "h2", false);
    assert_route("teleport-proxy-ssh-grpc", "h2", "h2", true);
    assert_route("h2", "http/1.1", "http/1.1", false);
    assert_route("http/1.1", NULL, "http/1.1", false);
    assert_route("teleport-reversetunnel", NULL, "teleport-reversetunnel", false);
    /* The first that has a meaning decides, in the client's order. */
    assert_route("something-else", "http/1.1", "http/1.1", false);
    assert_route("http/1.1", "teleport-auth@6578.teleport.cluster.local", "http/1.1", false);
}

static void get(struct tls *tls, const char *request, char *out, size_t size)
{
    const struct ctx ctx = within(10000);
    size_t len = 0, n = 1;
    assert_ok(tls_write_all(tls, request, strlen(request), &ctx));
    while (n && len < size - 1) {
        assert_ok(tls_read(tls, out + len, size - 1 - len, &ctx, &n));
        len += n;
    }
    out[len] = '\0';
}

static void test_web_port_without_alpn_is_http(void **state)
{
    (void)state;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    char reply[8192];
    assert_ok(connect_tls(SERVE_PORT_WEB, NULL, NULL, &tls));
    get(tls, "GET /webapi/find?group=x HTTP/1.1\r\nHost: x\r\n\r\n", reply, sizeof(reply));
    assert_memory_equal(reply, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(reply, "\r\nDate: Mon, 21 Sep 2026 12:00:00 GMT\r\n"));
    assert_non_null(strstr(reply, "\"cluster_name\":\"example\""));
    assert_non_null(strstr(reply, "\"signature_algorithm_suite\":\"balanced-v1\""));
}

static void test_http_mistakes_have_their_status(void **state)
{
    (void)state;
    const struct {
        enum serve_port port;
        const char *request, *status;
    } asked[] = {
        {SERVE_PORT_WEB, "GET /nothing HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {SERVE_PORT_WEB, "PUT /webapi/find HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {SERVE_PORT_WEB, "POST /v1/webapi/host/credentials HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]",
         "HTTP/1.1 400 "},
        {SERVE_PORT_WEB,
         "POST /v1/webapi/host/credentials HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"token\":\"t\"}",
         "HTTP/1.1 400 "},
        /* Only up to version 16. */
        {SERVE_PORT_AUTH, "POST /v2/tokens/register HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 404 "},
    };
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        CLEANUP(tls_freep) struct tls *tls = NULL;
        char reply[4096];
        assert_ok(connect_tls(asked[i].port, NULL, NULL, &tls));
        get(tls, asked[i].request, reply, sizeof(reply));
        if (strncmp(reply, asked[i].status, strlen(asked[i].status)) != 0)
            fail_msg("%s: %s", asked[i].request, reply);
        assert_non_null(strstr(reply, "{\"error\":{\"message\":"));
    }
}

/* With TLS 1.3 the client learns only with its first read what the server thinks of it. */
static enum err_code verdict_on(X509 *cert)
{
    const char *const alpn[] = {"h2", NULL};
    CLEANUP(tls_freep) struct tls *tls = NULL;
    const struct ctx ctx = within(10000);
    char first;
    size_t n = 0;
    struct err *e = connect_tls(SERVE_PORT_AUTH, alpn, cert, &tls);
    if (!e)
        e = tls_read(tls, &first, 1, &ctx, &n);
    enum err_code code = err_code(e);
    err_free(e);
    return code;
}

static void test_client_certificate_is_judged_in_the_handshake(void **state)
{
    (void)state;
    assert_int_equal(verdict_on(w.cert), ERR_OK); /* HTTP/2 settings come */
    fake_clock_jump_wall(&w.time, dur_s(3601));
    assert_int_equal(verdict_on(w.cert), ERR_EXPIRED);
    fake_clock_jump_wall(&w.time, dur_s(-3601));
    CLEANUP(x509_freep) X509 *foreign = NULL;
    struct key *unused = NULL;
    assert_ok(authority_server_cert(w.authority, AUTHORITY_FACE_WRONG, &foreign, &unused));
    assert_int_equal(X509_set_pubkey(foreign, key_evp(w.key)), 1);
    enum err_code code = verdict_on(foreign);
    assert_true(code != ERR_OK && code != ERR_EXPIRED && code != ERR_TIMEOUT);
}

static void add_fault(enum fault_kind kind, int64_t count)
{
    const struct fault fault = {.kind = kind, .count = count};
    assert_ok(authority_add_fault(w.authority, &fault));
}

static void test_fault_wrong_certificate_is_shown_once(void **state)
{
    (void)state;
    CLEANUP(authority_ca_release) struct authority_ca host = {.phase = CA_STANDBY};
    CLEANUP(x509_freep) X509 *root = NULL;
    assert_ok(authority_ca(w.authority, CA_HOST, &host));
    assert_ok(x509_from_pem(bytes_of_str(host.tls.items[0]), &root));
    add_fault(FAULT_WRONG_CERTIFICATE, 1);
    const int want[] = {0, 1};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(tls_freep) struct tls *tls = NULL;
        assert_ok(connect_tls(SERVE_PORT_AUTH, NULL, NULL, &tls));
        assert_int_equal(X509_verify(tls_peer_cert(tls), X509_get0_pubkey(root)), want[i]);
        assert_int_equal(
            X509_check_host(tls_peer_cert(tls), "x.teleport.cluster.local", 0, 0, NULL), 1);
    }
}

static void test_fault_hang_never_answers(void **state)
{
    (void)state;
    struct tls *tls = NULL;
    add_fault(FAULT_HANG, 1);
    const struct tls_client_config config = {.verify = TLS_VERIFY_NONE};
    const struct ctx ctx = within(50);
    assert_fails(tls_connect(dial(SERVE_PORT_AUTH), &config, &ctx, &tls), ERR_TIMEOUT, "");
    assert_ok(connect_tls(SERVE_PORT_AUTH, NULL, NULL, &tls));
    tls_free(tls);
}

static void test_what_is_not_tls_is_dropped(void **state)
{
    (void)state;
    for (int port = 0; port < 2; port++) {
        CLEANUP(closep) int fd = dial((enum serve_port)port);
        const struct ctx ctx = within(10000);
        char rest[64];
        ssize_t n;
        assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL), 18);
        do {
            assert_ok(ctx_wait_fd(&ctx, fd, POLLIN));
            n = recv(fd, rest, sizeof(rest), 0);
        } while (n > 0); /* an alert may come first */
        assert_true(n == 0 || errno == ECONNRESET);
    }
}

static void test_half_a_hello_then_the_end_is_dropped(void **state)
{
    (void)state;
    CLEANUP(closep) int fd = dial(SERVE_PORT_WEB);
    const struct ctx ctx = within(10000);
    char rest;
    assert_int_equal(send(fd, "\x16\x03\x01\x01", 4, MSG_NOSIGNAL), 4);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_ok(ctx_wait_fd(&ctx, fd, POLLIN));
    ssize_t n = recv(fd, &rest, 1, 0);
    assert_true(n == 0 || errno == ECONNRESET);
}

static int connect_errno(enum serve_port port)
{
    CLEANUP(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&w.addrs[port], sizeof(struct sockaddr_in)) < 0 ? errno
                                                                                          : 0;
}

static void test_paused_listener_refuses_and_keeps_its_port(void **state)
{
    (void)state;
    struct listener *l = &w.listeners[SERVE_PORT_AUTH];
    assert_ok(listener_set_paused(l, true));
    assert_int_equal(connect_errno(SERVE_PORT_AUTH), ECONNREFUSED);
    assert_ok(listener_set_paused(l, false));
    CLEANUP(tls_freep) struct tls *tls = NULL;
    assert_ok(connect_tls(SERVE_PORT_AUTH, NULL, NULL, &tls));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_web_port_routes_by_the_clients_list),
        cmocka_unit_test(test_web_port_without_alpn_is_http),
        cmocka_unit_test(test_http_mistakes_have_their_status),
        cmocka_unit_test(test_client_certificate_is_judged_in_the_handshake),
        cmocka_unit_test(test_fault_wrong_certificate_is_shown_once),
        cmocka_unit_test(test_fault_hang_never_answers),
        cmocka_unit_test(test_what_is_not_tls_is_dropped),
        cmocka_unit_test(test_half_a_hello_then_the_end_is_dropped),
        cmocka_unit_test(test_paused_listener_refuses_and_keeps_its_port),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
