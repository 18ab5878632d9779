/* SPDX-License-Identifier: Apache-2.0 */
#include "base/relay.h"

#include "base/secret.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define CHUNK ((size_t)16 << 10) /* one TLS record */

/* Bytes on their way in one direction: data[begin … end) waits to be written. */
struct flow {
    size_t begin, end;
    uint8_t data[CHUNK];
};

struct relay {
    struct tls *tls;
    int fd;
    struct flow in;             /* TLS → plain */
    struct flow out;            /* plain → TLS */
    short want_tls, want_plain; /* what the last round waits for */
    _Atomic uint64_t sent;
    bool is_stepped;    /* each direction ends by itself */
    bool is_in_over;    /* TLS said that it says no more, and the plain side was told */
    enum relay_end end; /* meaningful after STEP_ENDED */
    struct err *why;    /* for RELAY_TLS_FAILED */
};

/* What one movement came to. */
enum step {
    STEP_MOVED,
    STEP_BLOCKED, /* and noted what it waits for */
    STEP_ENDED,
};

RESULT relay_new(struct tls *tls, int fd, struct relay **ret)
{
    struct relay *r = calloc(1, sizeof(*r)); /* not on the stack: threads have small ones */
    if (!r)
        return err_nomem();
    r->tls = tls;
    r->fd = fd;
    *ret = r;
    return NULL;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    secret_wipe(&r->in, sizeof(r->in));
    secret_wipe(&r->out, sizeof(r->out));
    free(r);
}

static bool is_empty(const struct flow *f)
{
    return f->begin == f->end;
}

static void filled(struct flow *f, size_t n)
{
    f->begin = 0;
    f->end = n;
}

static enum step ended(struct relay *r, enum relay_end end, struct err *why)
{
    r->end = end;
    r->why = why;
    return STEP_ENDED;
}

static enum step tls_step(struct relay *r, enum tls_status status, struct err *e)
{
    switch (status) {
    case TLS_DONE:
        return STEP_MOVED;
    case TLS_WANT_READ:
        r->want_tls |= POLLIN;
        return STEP_BLOCKED;
    case TLS_WANT_WRITE:
        r->want_tls |= POLLOUT;
        return STEP_BLOCKED;
    case TLS_CLOSED:
        return ended(r, RELAY_TLS_CLOSED, NULL);
    case TLS_FAILED:
        break;
    }
    return ended(r, RELAY_TLS_FAILED, e);
}

static enum step read_tls(struct relay *r)
{
    size_t n = 0;
    struct err *e = NULL;
    if (!is_empty(&r->in) || r->is_in_over)
        return STEP_BLOCKED;
    enum tls_status status = tls_try_read(r->tls, r->in.data, CHUNK, &n, &e);
    if (status == TLS_DONE)
        filled(&r->in, n);
    if (status != TLS_CLOSED || !r->is_stepped)
        return tls_step(r, status, e);
    r->is_in_over = true;
    shutdown(r->fd, SHUT_WR);
    return STEP_BLOCKED;
}

static enum step write_tls(struct relay *r)
{
    struct flow *f = &r->out;
    size_t n = 0;
    struct err *e = NULL;
    if (is_empty(f))
        return STEP_BLOCKED;
    enum tls_status status = tls_try_write(r->tls, f->data + f->begin, f->end - f->begin, &n, &e);
    if (status == TLS_DONE) {
        f->begin += n;
        atomic_fetch_add(&r->sent, n);
    }
    return tls_step(r, status, e);
}

static bool is_passing(int errnum)
{
    return errnum == EAGAIN || errnum == EINTR;
}

/* After a call on the plain socket that moved nothing. */
static enum step plain_step(struct relay *r, bool is_at_end, short want)
{
    if (is_at_end || !is_passing(errno))
        return ended(r, RELAY_PLAIN_CLOSED, NULL);
    r->want_plain = (short)(r->want_plain | want);
    return STEP_BLOCKED;
}

static enum step read_plain(struct relay *r)
{
    if (!is_empty(&r->out))
        return STEP_BLOCKED;
    ssize_t n = recv(r->fd, r->out.data, CHUNK, MSG_DONTWAIT);
    if (n <= 0)
        return plain_step(r, n == 0, POLLIN);
    filled(&r->out, (size_t)n);
    return STEP_MOVED;
}

static ssize_t send_plain(struct relay *r)
{
    struct flow *f = &r->in;
    return send(r->fd, f->data + f->begin, f->end - f->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static enum step write_plain(struct relay *r)
{
    if (is_empty(&r->in))
        return STEP_BLOCKED;
    ssize_t n = send_plain(r);
    if (n < 0 && r->is_stepped && !is_passing(errno)) {
        r->is_in_over = true;
        filled(&r->in, 0);
        return STEP_BLOCKED;
    }
    if (n < 0)
        return plain_step(r, false, POLLOUT);
    r->in.begin += (size_t)n;
    return STEP_MOVED;
}

/*
 * One round over all movements. A side is read only when what it said before was written: so its end
 * is seen when nothing of it is left here. Reading from TLS leads, so that an alert is seen before a
 * write fails because of it.
 */
static enum step carry(struct relay *r)
{
    static enum step (*const movements[])(struct relay *) = {
        read_tls,
        write_plain,
        read_plain,
        write_tls,
    };
    enum step result = STEP_BLOCKED;
    r->want_tls = r->want_plain = 0;
    for (size_t i = 0; i < sizeof(movements) / sizeof(movements[0]); i++) {
        enum step s = movements[i](r);
        if (s == STEP_ENDED)
            return s;
        if (s == STEP_MOVED)
            result = s;
    }
    return result;
}

/*
 * Sleeps until a movement may be possible. POLLHUP and POLLERR come unasked: of a TLS socket they are
 * not looked at while we want nothing from it, or a peer that left before a slow plain side had read
 * everything would keep us spinning. Of the plain one they are the end, if its last words are stuck.
 */
static enum step wait_for(struct relay *r, const struct cancel *cancel)
{
    struct pollfd fds[] = {
        {.fd = r->want_tls ? tls_fd(r->tls) : -1, .events = r->want_tls},
        {.fd = r->fd, .events = r->want_plain},
        {.fd = cancel ? cancel_fd(cancel) : -1, .events = POLLIN},
    };
    if (poll(fds, 3, -1) > 0 && (fds[1].revents & (POLLHUP | POLLERR)) && !is_empty(&r->out))
        return ended(r, RELAY_PLAIN_CLOSED, NULL);
    return STEP_MOVED;
}

static bool is_cancelled(const struct cancel *cancel)
{
    return cancel && cancel_fired(cancel);
}

static enum relay_end finish(struct relay *r, struct err **ret_err)
{
    /* What arrived before the end still belongs to whoever waits for it. */
    if (!is_empty(&r->in))
        (void)send_plain(r);
    tls_shutdown(r->tls);
    *ret_err = TAKE(r->why);
    return r->end;
}

enum relay_end relay_run(struct relay *r, const struct cancel *cancel, struct err **ret_err)
{
    enum step s = STEP_MOVED;
    r->end = RELAY_CANCELLED;
    while (s != STEP_ENDED && !is_cancelled(cancel))
        s = s == STEP_MOVED ? carry(r) : wait_for(r, cancel);
    return finish(r, ret_err);
}

enum relay_end relay_step(struct relay *r, struct relay_wants *ret, struct err **ret_err)
{
    enum step s = STEP_MOVED;
    r->is_stepped = true;
    while (s == STEP_MOVED)
        s = carry(r);
    if (s == STEP_ENDED)
        return finish(r, ret_err);
    *ret = (struct relay_wants){r->want_tls, r->want_plain};
    return RELAY_GOES_ON;
}

uint64_t relay_sent(const struct relay *r)
{
    return atomic_load(&r->sent);
}
