/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/pump.h"

#include "base/secret.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define STACK_SIZE ((size_t)256 << 10)
#define CHUNK ((size_t)16 << 10) /* one TLS record */

/* Bytes on their way in one direction. */
struct flow {
    uint8_t data[CHUNK];
    size_t begin, end;
};

struct pump {
    struct tls *tls;
    struct pump_listener listener;
    int fd; /* our end of the socket pair */
    int end_fd;
    pthread_t thread;
    struct flow out; /* plain → TLS */
    struct flow in;  /* TLS → plain */
    atomic_bool is_aborted;
    _Atomic uint64_t sent;

    /* Written by the thread before it sets has_ended, constant afterwards. */
    enum err_code code;
    char *reason;
    char *hint;
    atomic_bool has_ended;
};

/* What one direction can do now. */
enum step {
    STEP_MOVED,
    STEP_BLOCKED,
    STEP_ENDED,
};

/* What to wait for before the next round. */
struct interest {
    short tls;
    short plain;
};

static bool is_empty(const struct flow *f)
{
    return f->begin == f->end;
}

static void filled(struct flow *f, size_t n)
{
    f->begin = 0;
    f->end = n;
}

static void give_reason(struct pump *p, struct err *e)
{
    p->code = err_code(e);
    p->reason = err_text(e);
    p->hint = err_hint(e) ? strdup(err_hint(e)) : NULL;
    err_free(e);
}

static enum step tls_step(struct pump *p, enum tls_status status, struct err *e, struct interest *i)
{
    switch (status) {
    case TLS_DONE:
        return STEP_MOVED;
    case TLS_WANT_READ:
        i->tls |= POLLIN;
        return STEP_BLOCKED;
    case TLS_WANT_WRITE:
        i->tls |= POLLOUT;
        return STEP_BLOCKED;
    case TLS_CLOSED:
        give_reason(p, err_new(ERR_UNAVAILABLE, "the server closed the connection"));
        return STEP_ENDED;
    case TLS_FAILED:
        give_reason(p, e);
        return STEP_ENDED;
    }
    return STEP_ENDED;
}

static enum step read_tls(struct pump *p, struct interest *i)
{
    size_t n = 0;
    struct err *e = NULL;
    if (!is_empty(&p->in))
        return STEP_BLOCKED;
    enum tls_status status = tls_try_read(p->tls, p->in.data, CHUNK, &n, &e);
    if (status == TLS_DONE)
        filled(&p->in, n);
    return tls_step(p, status, e, i);
}

static enum step write_tls(struct pump *p, struct interest *i)
{
    size_t n = 0;
    struct err *e = NULL;
    if (is_empty(&p->out))
        return STEP_BLOCKED;
    enum tls_status status =
        tls_try_write(p->tls, p->out.data + p->out.begin, p->out.end - p->out.begin, &n, &e);
    if (status == TLS_DONE) {
        p->out.begin += n;
        atomic_fetch_add(&p->sent, n);
    }
    return tls_step(p, status, e, i);
}

static enum step plain_ended(struct pump *p)
{
    give_reason(p, err_new(ERR_UNAVAILABLE, "the connection was closed on our side"));
    return STEP_ENDED;
}

static enum step read_plain(struct pump *p, struct interest *i)
{
    if (!is_empty(&p->out))
        return STEP_BLOCKED;
    ssize_t n = recv(p->fd, p->out.data, CHUNK, 0);
    if (n > 0) {
        filled(&p->out, (size_t)n);
        return STEP_MOVED;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        return plain_ended(p);
    i->plain |= POLLIN;
    return STEP_BLOCKED;
}

static enum step write_plain(struct pump *p, struct interest *i)
{
    if (is_empty(&p->in))
        return STEP_BLOCKED;
    ssize_t n = send(p->fd, p->in.data + p->in.begin, p->in.end - p->in.begin, MSG_NOSIGNAL);
    if (n >= 0) {
        p->in.begin += (size_t)n;
        return STEP_MOVED;
    }
    if (errno != EAGAIN && errno != EINTR)
        return plain_ended(p);
    i->plain |= POLLOUT;
    return STEP_BLOCKED;
}

/* One round over all movements. Reading from TLS leads, so that an alert is seen before a write
 * fails because of it. */
static enum step carry(struct pump *p, struct interest *i)
{
    static enum step (*const movements[])(struct pump *, struct interest *) = {
        read_tls,
        write_plain,
        read_plain,
        write_tls,
    };
    enum step result = STEP_BLOCKED;
    *i = (struct interest){0};
    for (size_t k = 0; k < sizeof(movements) / sizeof(movements[0]); k++) {
        enum step s = movements[k](p, i);
        if (s == STEP_ENDED)
            return s;
        if (s == STEP_MOVED)
            result = s;
    }
    return result;
}

/* POLLHUP comes unasked: it is the end, where bytes we hold could still be waiting for room. */
static void wait_for(struct pump *p, struct interest i)
{
    struct pollfd fds[] = {
        {.fd = tls_fd(p->tls), .events = i.tls},
        {.fd = p->fd, .events = i.plain},
    };
    if (poll(fds, 2, -1) > 0 && (fds[1].revents & (POLLHUP | POLLERR)) && !is_empty(&p->out))
        atomic_store(&p->is_aborted, true);
}

static void end(struct pump *p)
{
    if (p->code == ERR_OK)
        give_reason(p, err_new(ERR_UNAVAILABLE, "the connection was given up"));
    /* What arrived before the end still belongs to whoever waits for it. */
    if (!is_empty(&p->in))
        (void)send(p->fd, p->in.data + p->in.begin, p->in.end - p->in.begin, MSG_NOSIGNAL);
    tls_shutdown(p->tls);
    atomic_store(&p->has_ended, true);
    shutdown(p->fd, SHUT_RDWR);
    eventfd_write(p->end_fd, 1);
    if (p->listener.ended)
        p->listener.ended(p->listener.arg);
}

static void *run(void *arg)
{
    struct pump *p = arg;
    struct interest i;
    while (!atomic_load(&p->is_aborted)) {
        enum step s = carry(p, &i);
        if (s == STEP_ENDED)
            break;
        if (s == STEP_BLOCKED)
            wait_for(p, i);
    }
    end(p);
    return NULL;
}

static RESULT start(struct pump *p)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error)
        return err_sys(ERR_UNAVAILABLE, error, "start a connection's thread");
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    error = pthread_create(&p->thread, &attr, run, p);
    pthread_attr_destroy(&attr);
    return error ? err_sys(ERR_UNAVAILABLE, error, "start a connection's thread") : NULL;
}

static void release(struct pump *p)
{
    tls_free(p->tls);
    if (p->fd >= 0)
        close(p->fd);
    if (p->end_fd >= 0)
        close(p->end_fd);
    secret_wipe(&p->out, sizeof(p->out));
    secret_wipe(&p->in, sizeof(p->in));
    free(p->reason);
    free(p->hint);
    free(p);
}

static void releasep(struct pump **p)
{
    if (*p)
        release(*p);
}

RESULT pump_new(struct tls *tls, struct pump_listener listener, struct pump **ret, int *ret_fd)
{
    CLEANUP(releasep) struct pump *p = calloc(1, sizeof(*p));
    if (!p) {
        tls_free(tls);
        return err_nomem();
    }
    int pair[2] = {-1, -1};
    p->tls = tls;
    p->listener = listener;
    p->fd = -1;
    p->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->end_fd < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "socket pair");
    p->fd = pair[0];
    CLEANUP(closep) int plain = pair[1];
    TRY(start(p));
    *ret = TAKE(p);
    *ret_fd = TAKE_FD(plain);
    return NULL;
}

void pump_abort(struct pump *p)
{
    atomic_store(&p->is_aborted, true);
    shutdown(p->fd, SHUT_RDWR); /* wakes poll(2) */
}

void pump_free(struct pump *p)
{
    if (!p)
        return;
    pump_abort(p);
    pthread_join(p->thread, NULL);
    release(p);
}

bool pump_has_ended(const struct pump *p)
{
    return atomic_load(&p->has_ended);
}

enum err_code pump_code(const struct pump *p)
{
    return p->code == ERR_NOMEM ? ERR_UNAVAILABLE : p->code;
}

const char *pump_reason(const struct pump *p)
{
    return p->reason ? p->reason : "the connection broke";
}

const char *pump_hint(const struct pump *p)
{
    return p->hint;
}

uint64_t pump_sent(const struct pump *p)
{
    return atomic_load(&p->sent);
}

int pump_end_fd(const struct pump *p)
{
    return p->end_fd;
}
