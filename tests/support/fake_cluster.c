/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_cluster.h"

#include "base/tls.h"
#include "identity/pki/ossl.h"
#include "tests/support/fake_grpc.h"
#include "tests/support/pki_fixture.h"
#include "transport/pump.h"
#include "transport/transport.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 64
#define SERVER_NAMES                                                                               \
    "DNS:teleport.cluster.local,DNS:*.teleport.cluster.local,DNS:localhost,IP:127.0.0.1"

struct connection {
    struct pump *pump; /* of a gRPC connection */
    struct tls *tls;   /* of any other */
    char peer[128];
};

struct fake_cluster {
    struct fake_cluster_config config;
    int listener;
    uint16_t port;
    struct tls_server *tls;
    pthread_t acceptor;
    struct cancel *stopping;
    pthread_mutex_t lock;
    pthread_mutex_t handling; /* held by the handler that runs */
    struct fake_grpc *grpc;
    struct fake_grpc *retired[CONNECTIONS_MAX];
    unsigned n_retired;
    struct connection connections[CONNECTIONS_MAX];
    unsigned n_connections;
    int raw[CONNECTIONS_MAX]; /* of a server that does not shake hands */
    unsigned n_raw;
};

/* --- one connection --- */

static void note_peer(struct connection *c, struct tls *tls)
{
    X509 *cert = tls_peer_cert(tls);
    if (cert)
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, c->peer,
                                  sizeof(c->peer));
}

/* Reads until the body is whole; tests send small requests. */
static bool read_request(struct tls *tls, const struct ctx *ctx, struct buf *request)
{
    for (;;) {
        char chunk[4096];
        size_t n = 0;
        struct err *e = tls_read(tls, chunk, sizeof(chunk), ctx, &n);
        if (e || n == 0 || buf_add(request, chunk, n)) {
            err_free(e);
            return false;
        }
        const char *end = strstr(buf_str(request), "\r\n\r\n");
        const char *length = strcasestr(buf_str(request), "content-length:");
        size_t body = length && end && length < end ? strtoul(length + 15, NULL, 10) : 0;
        if (end && strlen(end + 4) >= body)
            return true;
    }
}

static void serve_http(struct fake_cluster *fc, struct tls *tls, const struct ctx *ctx)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf reply = BUF_INIT(16 << 20);
    if (fc->config.handle_http && read_request(tls, ctx, &request)) {
        pthread_mutex_lock(&fc->handling);
        fc->config.handle_http(fc->config.arg, buf_str(&request), &reply);
        pthread_mutex_unlock(&fc->handling);
        err_free(tls_write_all(tls, reply.data, reply.len, ctx));
    }
    tls_shutdown(tls);
}

static void serve_grpc(struct fake_cluster *fc, struct connection *c, struct tls *tls)
{
    int fd = -1;
    struct err *e = pump_new(tls, (struct pump_listener){0}, &c->pump, &fd);
    if (e) {
        err_free(e);
        return;
    }
    fake_grpc_add(fc->grpc, fd);
}

static void serve(struct fake_cluster *fc, struct tls *tls, const struct ctx *ctx)
{
    static const char garbage[] = "this is not what you are looking for\r\n\r\n";
    bool is_grpc = fc->config.kind == FAKE_CLUSTER && strcmp(tls_alpn(tls), "h2") == 0;
    pthread_mutex_lock(&fc->lock);
    struct connection *c = &fc->connections[fc->n_connections++];
    note_peer(c, tls);
    if (is_grpc)
        serve_grpc(fc, c, tls);
    else
        c->tls = tls;
    pthread_mutex_unlock(&fc->lock);
    if (fc->config.kind == FAKE_TLS_GARBAGE)
        err_free(tls_write_all(tls, garbage, sizeof(garbage), ctx));
    if (fc->config.kind == FAKE_CLUSTER && !is_grpc)
        serve_http(fc, tls, ctx);
}

/* The first message comes in one piece here. */
static bool is_welcome(const struct fake_cluster *fc, int fd, const struct ctx *ctx)
{
    const struct fake_cluster_config *c = &fc->config;
    char hello[4096];
    if (!c->hello_with && !c->hello_without)
        return true;
    err_free(ctx_wait_fd(ctx, fd, POLLIN));
    ssize_t n = recv(fd, hello, sizeof(hello), MSG_PEEK);
    size_t len = n > 0 ? (size_t)n : 0;
    return (!c->hello_with || memmem(hello, len, c->hello_with, strlen(c->hello_with))) &&
           (!c->hello_without || !memmem(hello, len, c->hello_without, strlen(c->hello_without)));
}

static void take_connection(struct fake_cluster *fc, int fd, const struct ctx *ctx)
{
    bool is_turned_away = !is_welcome(fc, fd, ctx);
    if (is_turned_away && !fc->config.ignores_others) {
        close(fd);
        return;
    }
    if (is_turned_away || fc->config.kind == FAKE_SILENT || fc->config.kind == FAKE_GARBAGE) {
        if (fc->config.kind == FAKE_GARBAGE)
            (void)!write(fd, "220 mail.example ESMTP\r\n", 24);
        fc->raw[fc->n_raw++] = fd;
        return;
    }
    struct tls *tls = NULL;
    struct err *e = tls_accept(fd, fc->tls, ctx, &tls);
    if (e)
        err_free(e); /* the client sees why */
    else
        serve(fc, tls, ctx);
}

static void *accept_all(void *arg)
{
    struct fake_cluster *fc = arg;
    struct ctx ctx = {.clock = clock_system(), .cancel = fc->stopping, .deadline = MONO_NEVER};
    for (;;) {
        struct err *e = ctx_wait_fd(&ctx, fc->listener, POLLIN);
        if (e) {
            err_free(e);
            return NULL;
        }
        int fd = accept4(fc->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            take_connection(fc, fd, &ctx);
    }
}

/* --- life --- */

static void listen_on_loopback(struct fake_cluster *fc)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    fc->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fc->listener >= 0);
    assert_int_equal(bind(fc->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fc->listener, 16), 0);
    assert_int_equal(getsockname(fc->listener, (struct sockaddr *)&a, &len), 0);
    fc->port = ntohs(a.sin_port);
}

static void make_certificate(struct fake_cluster *fc)
{
    static const char *const alpn[] = {"h2", "http/1.1", NULL};
    const char *names = fc->config.alt_names ? fc->config.alt_names : SERVER_NAMES;
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    CLEANUP(x509_freep) X509 *cert = host_ca_issue(fc->config.ca, key, names, fc->config.not_after);
    struct tls_server_config config = {
        .cert = cert,
        .key = key_evp(key),
        .alpn = fc->config.alpn ? fc->config.alpn : alpn,
        .request_client_cert = true,
    };
    assert_ok(tls_server_new(&config, &fc->tls));
}

static void handle_one(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct fake_cluster *fc = arg;
    pthread_mutex_lock(&fc->handling);
    fc->config.handle(fc->config.arg, call, answer);
    pthread_mutex_unlock(&fc->handling);
}

static struct fake_grpc *new_grpc(struct fake_cluster *fc)
{
    return fake_grpc_start(handle_one, fc, fc->config.version);
}

struct fake_cluster *fake_cluster_start(const struct fake_cluster_config *config)
{
    struct fake_cluster *fc = calloc(1, sizeof(*fc));
    fc->config = *config;
    pthread_mutex_init(&fc->lock, NULL);
    pthread_mutex_init(&fc->handling, NULL);
    assert_ok(cancel_new(&fc->stopping));
    listen_on_loopback(fc);
    make_certificate(fc);
    fc->grpc = new_grpc(fc);
    assert_int_equal(pthread_create(&fc->acceptor, NULL, accept_all, fc), 0);
    return fc;
}

void fake_cluster_stop(struct fake_cluster *fc)
{
    cancel_fire(fc->stopping);
    pthread_join(fc->acceptor, NULL);
    close(fc->listener);
    fake_cluster_drop(fc);
    fake_grpc_stop(fc->grpc);
    for (unsigned i = 0; i < fc->n_retired; i++)
        fake_grpc_stop(fc->retired[i]);
    for (unsigned i = 0; i < fc->n_raw; i++)
        close(fc->raw[i]);
    tls_server_free(fc->tls);
    cancel_free(fc->stopping);
    pthread_mutex_destroy(&fc->lock);
    pthread_mutex_destroy(&fc->handling);
    free(fc);
}

/* --- what tests ask and tell --- */

uint16_t fake_cluster_port(const struct fake_cluster *fc)
{
    return fc->port;
}

unsigned fake_cluster_connections(struct fake_cluster *fc)
{
    pthread_mutex_lock(&fc->lock);
    unsigned n = fc->n_connections;
    pthread_mutex_unlock(&fc->lock);
    return n;
}

const char *fake_cluster_peer(struct fake_cluster *fc, unsigned n)
{
    return n < fake_cluster_connections(fc) ? fc->connections[n].peer : "no such connection";
}

void fake_cluster_sync(struct fake_cluster *fc)
{
    pthread_mutex_lock(&fc->handling);
    pthread_mutex_unlock(&fc->handling);
}

void fake_cluster_drop(struct fake_cluster *fc)
{
    pthread_mutex_lock(&fc->lock);
    for (unsigned i = 0; i < fc->n_connections; i++) {
        pump_free(TAKE(fc->connections[i].pump));
        tls_free(TAKE(fc->connections[i].tls));
    }
    pthread_mutex_unlock(&fc->lock);
}

void fake_cluster_go_away(struct fake_cluster *fc)
{
    pthread_mutex_lock(&fc->lock);
    struct fake_grpc *old = fc->grpc;
    fc->grpc = new_grpc(fc);
    fc->retired[fc->n_retired++] = old;
    fake_grpc_go_away(old);
    pthread_mutex_unlock(&fc->lock);
}

int fake_cluster_run(const char *group, const struct CMUnitTest *tests, size_t n)
{
    struct err *e = transport_init(NULL);
    if (e) {
        err_free(e);
        return 1;
    }
    int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    transport_shutdown();
    return failed;
}
