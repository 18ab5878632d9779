/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/serve.h"

#include "authority/calls.h"
#include "authority/clienthello.h"
#include "authority/say.h"
#include "authority/serve_http.h"
#include "base/relay.h"
#include "identity/pki/ossl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define HANDSHAKE_TIMEOUT dur_s(10)

/* Whose a connection is. */
enum destination {
    TO_AUTH,
    TO_WEB,
    TO_JOIN_GRPC,
    TO_SSH_GRPC,
    TO_NOWHERE, /* negotiated, but nothing is behind it */
};

/* What it takes to serve one. */
struct service {
    enum authority_face face;
    const char *alpn[4];
    bool wants_client_cert;
    enum rpc_port port;
};

#define ALPN_AUTH_PREFIX "teleport-auth@"

static const struct service services[] = {
    [TO_AUTH] = {AUTHORITY_FACE_AUTH, {"h2", "http/1.1"}, true, RPC_PORT_AUTH},
    [TO_WEB] = {AUTHORITY_FACE_WEB, {"http/1.1"}, false, RPC_PORT_PROXY},
    [TO_JOIN_GRPC] = {AUTHORITY_FACE_WEB, {"h2", "teleport-proxy-grpc"}, false, RPC_PORT_PROXY},
    [TO_SSH_GRPC] = {AUTHORITY_FACE_AUTH,
                     {"h2", "teleport-proxy-ssh-grpc"},
                     true,
                     RPC_PORT_PROXY_SSH},
    [TO_NOWHERE] = {AUTHORITY_FACE_WEB, {"teleport-reversetunnel"}, false, RPC_PORT_PROXY},
};

/* The clients' order decides; what we do not know is passed over. */
static enum destination route(const struct strlist *alpn)
{
    for (size_t i = 0; i < alpn->len; i++) {
        const char *name = alpn->items[i];
        if (strncmp(name, ALPN_AUTH_PREFIX, strlen(ALPN_AUTH_PREFIX)) == 0)
            return TO_AUTH;
        if (strcmp(name, "teleport-proxy-grpc") == 0)
            return TO_JOIN_GRPC;
        if (strcmp(name, "teleport-proxy-ssh-grpc") == 0)
            return TO_SSH_GRPC;
        if (strcmp(name, "teleport-reversetunnel") == 0)
            return TO_NOWHERE;
        if (strcmp(name, "h2") == 0 || strcmp(name, "http/1.1") == 0)
            return TO_WEB;
    }
    return TO_WEB;
}

/* Waits until more than `seen` bytes can be looked at. */
static RESULT wait_for_more(int fd, size_t seen, const struct ctx *ctx)
{
    int wanted = (int)seen + 1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted)) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "waiting for a client");
    return ctx_wait_fd(ctx, fd, POLLIN);
}

static RESULT peek_alpn(int fd, const struct ctx *ctx, struct strlist *ret)
{
    CLEANUP(freep) uint8_t *seen = malloc(CLIENTHELLO_MAX);
    if (!seen)
        return err_nomem();
    ssize_t before = 0;
    for (;;) {
        TRY(wait_for_more(fd, (size_t)before, ctx));
        ssize_t n = recv(fd, seen, CLIENTHELLO_MAX, MSG_PEEK | MSG_DONTWAIT);
        /* Readable, but not with more than before: the client has ended its side. */
        if (n <= before && !(n < 0 && errno == EAGAIN))
            return err_new(ERR_UNAVAILABLE, "the client left before it said what it wants");
        const struct bytes in = {seen, n > 0 ? (size_t)n : 0};
        enum clienthello_status status = clienthello_parse(in, ret);
        if (status == CLIENTHELLO_NOT_TLS || n == CLIENTHELLO_MAX)
            return err_new(ERR_PROTOCOL, "the client does not speak TLS");
        if (status == CLIENTHELLO_DONE)
            return NULL;
        before = n > 0 ? n : 0;
    }
}

static RESULT choose(const struct serve_config *config, int fd, const struct ctx *ctx,
                     enum destination *ret)
{
    CLEANUP(strlist_release) struct strlist alpn = {0};
    *ret = TO_AUTH;
    if (config->port == SERVE_PORT_AUTH)
        return NULL;
    TRY(peek_alpn(fd, ctx, &alpn));
    *ret = route(&alpn);
    int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
    return NULL;
}

static int judge_client(void *arg, X509 *cert)
{
    return authority_verify_client(arg, cert);
}

static RESULT make_tls(struct authority *a, const struct service *service, struct tls_server **ret)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    struct key *key = NULL;
    bool is_wrong = authority_take_fault(a, FAULT_WRONG_CERTIFICATE, NULL, NULL);
    TRY(authority_server_cert(a, is_wrong ? AUTHORITY_FACE_WRONG : service->face, &cert, &key));
    const struct tls_server_config config = {
        .cert = cert,
        .key = key_evp(key),
        .alpn = service->alpn,
        .request_client_cert = service->wants_client_cert,
        .judge_client = judge_client,
        .judge_arg = a,
    };
    return tls_server_new(&config, ret);
}

static void cut(void *conn)
{
    conn_cut(conn);
}

static RESULT carry(struct tls *tls, int fd)
{
    CLEANUP(relay_freep) struct relay *relay = NULL;
    struct err *e = NULL;
    TRY(relay_new(tls, fd, &relay));
    relay_run(relay, NULL, &e);
    err_ignore(e, "the client's trouble: it knows why it left");
    return NULL;
}

/* gRPC on the far end of a socket pair, the TLS stream on the near one. */
static RESULT serve_grpc(const struct serve_config *config, struct conn *conn, struct tls *tls,
                         enum rpc_port port, const struct peer *peer)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "making a socket pair");
    CLEANUP(closep) int near = pair[0];
    CLEANUP(calls_freep) struct calls *calls = NULL;
    const struct calls_config calls_config = {.authority = config->authority,
                                              .clock = config->clock,
                                              .peer = peer,
                                              .port = port,
                                              .cut = cut,
                                              .cut_arg = conn};
    TRY(calls_new(pair[1], &calls_config, &calls));
    return carry(tls, near);
}

/* An accepted connection that is never answered: until the client gives up, or we end. */
static RESULT stay_silent(int fd, const struct ctx *ctx)
{
    const struct ctx for_ever = {ctx->clock, ctx->cancel, MONO_NEVER};
    char ignored[1024];
    for (;;) {
        TRY(ctx_wait_fd(&for_ever, fd, POLLIN));
        ssize_t n = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return NULL;
    }
}

static RESULT serve(const struct serve_config *config, struct conn *conn, int *fd)
{
    struct authority *a = config->authority;
    const struct ctx whole = {config->clock, config->stop, MONO_NEVER};
    const struct ctx handshake = ctx_until(&whole, HANDSHAKE_TIMEOUT);
    enum destination to;
    if (authority_take_fault(a, FAULT_REFUSE, NULL, NULL))
        return NULL;
    if (authority_take_fault(a, FAULT_HANG, NULL, NULL))
        return stay_silent(*fd, &whole);
    TRY(choose(config, *fd, &handshake, &to));
    CLEANUP(tls_server_freep) struct tls_server *server = NULL;
    CLEANUP(tls_freep) struct tls *tls = NULL;
    CLEANUP(peer_release) struct peer peer = {.is_known = false};
    TRY(make_tls(a, &services[to], &server));
    TRY(tls_accept(TAKE_FD(*fd), server, &handshake, &tls));
    TRY(peer_of_cert(tls_peer_cert(tls), &peer));
    if (to == TO_NOWHERE)
        return NULL;
    if (to != TO_WEB && tls_alpn(tls)[0] && strcmp(tls_alpn(tls), "http/1.1") != 0)
        return serve_grpc(config, conn, tls, services[to].port, &peer);
    enum webapi_port port = to == TO_AUTH ? WEBAPI_PORT_AUTH : WEBAPI_PORT_PROXY;
    return serve_http(config, conn, tls, port, &peer);
}

void serve_conn(struct conn *conn, int fd, void *arg)
{
    CLEANUP(closep) int owned = fd;
    say_err("connection", serve(arg, conn, &owned));
}
