/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/tls_conn.h"

#include "base/relay.h"
#include "diag/keepalive.h"
#include "diag/server_metrics.h"
#include "identity/pki/x509.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TLS_HANDSHAKE_RECORD 0x16 /* the first byte of a ClientHello's record, RFC 8446 5.1 */

/* Of 4 KiB, more than any request. Who sends faster than we read would keep the loop for ever. */
#define REFUSED_READS_MAX 16

/* A descriptor in the loop, or not in it: what we want nothing from would tell of its end for ever. */
struct watch {
    struct loop_io io;
    short events; /* 0: not in the loop */
};

struct diag_tls_conn {
    const struct diag_tls_host *host;
    struct place *at;
    int fd;              /* the client's, before it is TLS's */
    struct tls *tls;     /* NULL: not a byte has come yet */
    int plain;           /* our end of the pair; -1: the handshake is not through */
    struct relay *relay; /* NULL: the same */
    struct watch outer, inner;
};

static void unwatch(struct diag_tls_conn *c, struct watch *w)
{
    if (w->events)
        loop_io_remove(c->host->loop, &w->io);
    w->events = 0;
}

/* False: it is gone, as the kernel has no room to watch it. */
static bool watch(struct diag_tls_conn *c, struct watch *w, int fd, short events)
{
    struct err *e = NULL;
    if (events == w->events)
        return true;
    if (!events) {
        unwatch(c, w);
        return true;
    }
    w->io.fd = fd;
    e = w->events ? loop_io_change(c->host->loop, &w->io, (uint32_t)events)
                  : loop_io_add(c->host->loop, &w->io, (uint32_t)events);
    if (!e) {
        w->events = events;
        return true;
    }
    log_err(c->host->log, LOG_WARN, "diag", "a TLS connection ends early", e);
    err_free(e);
    return false;
}

static void release(struct diag_tls_conn *c)
{
    unwatch(c, &c->outer);
    unwatch(c, &c->inner);
    relay_free(c->relay);
    tls_free(c->tls);
    closep(&c->fd);
    closep(&c->plain);
    c->at->tls = NULL;
    if (c->at->fd < 0)
        place_leave(c->at);
    free(c);
}

/* --- the handshake --- */

static void count(const struct diag_tls_conn *c, const char *result)
{
    server_metrics_handshake(c->host->metrics, result);
}

static void give_up(struct diag_tls_conn *c, const char *result)
{
    count(c, result);
    release(c);
}

/* What has arrived is read, so that closing sends what we said, and not a reset that overtakes it. */
static void refuse(struct diag_tls_conn *c, struct bytes words, const char *result)
{
    uint8_t unread[4096];
    for (int i = 0; i < REFUSED_READS_MAX; i++) {
        if (recv(c->fd, unread, sizeof(unread), MSG_DONTWAIT) != (ssize_t)sizeof(unread))
            break;
    }
    (void)!send(c->fd, words.data, words.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    give_up(c, result);
}

static void refuse_plain(struct diag_tls_conn *c)
{
    static const char words[] = "HTTP/1.0 400 Bad Request\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Connection: close\r\n"
                                "\r\n"
                                "This address speaks HTTPS only.\n";
    refuse(c, bytes_of_str(words), "not_tls");
}

static void refuse_without_cert(struct diag_tls_conn *c)
{
    static const uint8_t internal_error[] = {0x15, 3, 3, 0, 2, 2, 80}; /* RFC 8446, 5.1 and 6.2 */
    refuse(c, (struct bytes){internal_error, sizeof(internal_error)}, "no_certificate");
}

static const char *result_of(const struct err *e)
{
    switch (err_code(e)) {
    case ERR_UNTRUSTED:
    case ERR_EXPIRED:
    case ERR_DENIED:
        return "certificate"; /* theirs did not verify, or they refuse ours */
    case ERR_UNAVAILABLE:
        return "lost";
    default:
        return "failed";
    }
}

static void fail(struct diag_tls_conn *c, struct err *e)
{
    const char *result = result_of(e);
    e = err_wrap(e, "TLS handshake");
    log_err(c->host->log, LOG_DEBUG, "diag", "a client did not get through", e);
    err_free(e);
    give_up(c, result);
}

/* --- after it --- */

static void carry(struct diag_tls_conn *c)
{
    struct relay_wants wants = {0};
    struct err *e = NULL;
    if (relay_step(c->relay, &wants, &e) == RELAY_GOES_ON) {
        if (!watch(c, &c->outer, tls_fd(c->tls), wants.tls) ||
            !watch(c, &c->inner, c->plain, wants.plain))
            release(c);
        return;
    }
    if (e)
        log_err(c->host->log, LOG_DEBUG, "diag", "a client broke off", e);
    err_free(e);
    release(c);
}

static void note_client(struct diag_tls_conn *c)
{
    X509 *cert = tls_peer_cert(c->tls);
    struct wall from = WALL_NONE;
    struct wall until = WALL_NONE;
    if (!cert)
        return;
    struct err *e = x509_validity(cert, &from, &until);
    if (!e) {
        c->at->known_as = diag_tls_keys_known(c->host->keys, cert);
        c->at->known_until = until;
    }
    err_ignore(e, "then its owner is not known; and it has been verified, so this does not happen");
}

static RESULT open_inside(struct diag_tls_conn *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(ERR_BUSY, errno, "making a socket pair");
    c->plain = pair[0];
    c->at->fd = pair[1];
    return relay_new(c->tls, c->plain, &c->relay);
}

static void serve(struct diag_tls_conn *c)
{
    note_client(c);
    struct err *e = open_inside(c);
    if (e) {
        closep(&c->at->fd);
        c->at->fd = -1;
        fail(c, e);
        return;
    }
    count(c, "ok");
    c->host->ready(c->host->arg, c->at);
    carry(c);
}

/* --- what the loop calls --- */

static void shake_hands(struct diag_tls_conn *c)
{
    struct err *e = NULL;
    switch (tls_try_handshake(c->tls, &e)) {
    case TLS_DONE:
        serve(c);
        return;
    case TLS_WANT_READ:
    case TLS_CLOSED:
        if (!watch(c, &c->outer, tls_fd(c->tls), POLLIN))
            give_up(c, "failed");
        return;
    case TLS_WANT_WRITE:
        if (!watch(c, &c->outer, tls_fd(c->tls), POLLOUT))
            give_up(c, "failed");
        return;
    case TLS_FAILED:
        fail(c, e);
        return;
    }
}

static void begin(struct diag_tls_conn *c)
{
    struct now now = loop_now(c->host->loop);
    struct tls_server *server = diag_tls_keys_get(c->host->keys, now.mono);
    if (!server) {
        refuse_without_cert(c);
        return;
    }
    unwatch(c, &c->outer); /* before TLS may close it */
    struct err *e = tls_accept_start(TAKE_FD(c->fd), server, now.wall, &c->tls);
    if (e)
        fail(c, e);
    else
        shake_hands(c);
}

/* Which certificate is shown is decided when the client begins, not when it connects. */
static void look_at_first_byte(struct diag_tls_conn *c)
{
    uint8_t first = 0;
    ssize_t n = recv(c->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        give_up(c, "lost");
    else if (first != TLS_HANDSHAKE_RECORD)
        refuse_plain(c);
    else
        begin(c);
}

static void on_ready(void *arg, uint32_t events)
{
    (void)events;
    struct diag_tls_conn *c = arg;
    if (c->relay)
        carry(c);
    else if (c->tls)
        shake_hands(c);
    else
        look_at_first_byte(c);
}

void diag_tls_conn_open(const struct diag_tls_host *host, struct place *at, int accepted)
{
    CLEANUP(closep) int fd = accepted;
    struct diag_tls_conn *c = calloc(1, sizeof(*c));
    const int on = 1;
    at->fd = -1;
    if (!c) {
        place_leave(at);
        return;
    }
    *c = (struct diag_tls_conn){.host = host, .at = at, .fd = TAKE_FD(fd), .plain = -1};
    c->outer.io = c->inner.io = (struct loop_io){.fd = -1, .fn = on_ready, .arg = c};
    at->tls = c;
    diag_keepalive(c->fd); /* a held request waits on the inner socket, which cannot tell */
    /* The end of a long answer is not to wait for an acknowledgement of what came before. */
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!watch(c, &c->outer, c->fd, POLLIN))
        give_up(c, "failed");
}

void diag_tls_conn_end(struct place *at, enum diag_tls_end why)
{
    static const char *const results[] = {
        [DIAG_TLS_OVERDUE] = "timeout",
        [DIAG_TLS_EVICTED] = "evicted",
        [DIAG_TLS_STOPPED] = "stopped",
    };
    struct diag_tls_conn *c = at->tls;
    if (!c->relay) {
        give_up(c, results[why]);
        return;
    }
    if (why == DIAG_TLS_STOPPED)
        carry(c);
    if (at->tls)
        release(c);
}
