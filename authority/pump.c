/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define CHUNK (16 * 1024)

/* One direction. */
struct flow {
    uint8_t data[CHUNK];
    size_t at, len; /* what waits to be written is data[at … len) */
    bool is_over;   /* the source has ended */
    bool is_broken; /* nobody takes it any more */
};

struct pump {
    struct tls *tls;
    int fd;
    struct flow in;  /* from the TLS stream */
    struct flow out; /* to it */
    short want_tls, want_fd;
};

static bool is_empty(const struct flow *f)
{
    return f->at == f->len;
}

/* Notes what the stream waits for; whether it can still be used. */
static bool note_tls(struct pump *p, enum tls_status status, struct err *e)
{
    if (status == TLS_WANT_READ)
        p->want_tls |= POLLIN;
    if (status == TLS_WANT_WRITE)
        p->want_tls |= POLLOUT;
    err_ignore(e, "the client's trouble: it knows why it left");
    return status == TLS_WANT_READ || status == TLS_WANT_WRITE;
}

/* Each step returns whether it moved something. */
static bool read_tls(struct pump *p)
{
    struct err *e = NULL;
    size_t n = 0;
    if (p->in.is_over || !is_empty(&p->in))
        return false;
    enum tls_status status = tls_try_read(p->tls, p->in.data, CHUNK, &n, &e);
    if (status == TLS_DONE) {
        p->in.at = 0;
        p->in.len = n;
        return true;
    }
    p->in.is_over = !note_tls(p, status, e);
    return false;
}

static bool write_tls(struct pump *p)
{
    struct err *e = NULL;
    size_t n = 0;
    if (p->out.is_broken || is_empty(&p->out))
        return false;
    enum tls_status status =
        tls_try_write(p->tls, p->out.data + p->out.at, p->out.len - p->out.at, &n, &e);
    if (status == TLS_DONE) {
        p->out.at += n;
        return true;
    }
    p->out.is_broken = !note_tls(p, status, e);
    return false;
}

static bool is_blocked(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool read_fd(struct pump *p)
{
    if (p->out.is_over || !is_empty(&p->out))
        return false;
    ssize_t n = recv(p->fd, p->out.data, CHUNK, MSG_DONTWAIT);
    if (n > 0) {
        p->out.at = 0;
        p->out.len = (size_t)n;
        return true;
    }
    if (is_blocked(n))
        p->want_fd |= POLLIN;
    else
        p->out.is_over = true;
    return false;
}

static bool write_fd(struct pump *p)
{
    if (p->in.is_broken || is_empty(&p->in))
        return false;
    ssize_t n =
        send(p->fd, p->in.data + p->in.at, p->in.len - p->in.at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        p->in.at += (size_t)n;
        return true;
    }
    if (is_blocked(n))
        p->want_fd |= POLLOUT;
    else
        p->in.is_broken = true;
    return false;
}

static bool is_finished(const struct flow *f)
{
    return f->is_broken || (f->is_over && is_empty(f));
}

void pump_run(struct tls *tls, int fd)
{
    /* On the heap: threads have small stacks. */
    CLEANUP(freep) struct pump *p = calloc(1, sizeof(*p));
    if (!p)
        return;
    p->tls = tls;
    p->fd = fd;
    for (;;) {
        p->want_tls = 0;
        p->want_fd = 0;
        bool moved_in = read_tls(p) | write_fd(p);
        bool moved_out = read_fd(p) | write_tls(p);
        if (is_finished(&p->in) || is_finished(&p->out))
            break;
        struct pollfd both[] = {{tls_fd(tls), p->want_tls, 0}, {fd, p->want_fd, 0}};
        if (!moved_in && !moved_out && poll(both, 2, -1) < 0 && errno != EINTR)
            break;
    }
    tls_shutdown(tls);
}
