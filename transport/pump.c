/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/pump.h"

#include "base/relay.h"
#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

struct pump {
    struct tls *tls;
    struct pump_listener listener;
    int fd; /* our end of the socket pair */
    int end_fd;
    struct relay *relay;
    struct cancel *abort;
    pthread_t thread;

    /* Written by the thread before it sets has_ended, constant afterwards. */
    enum err_code code;
    char *reason;
    char *hint;
    atomic_bool has_ended;
};

static struct err *explain(enum relay_end end, struct err *e)
{
    switch (end) {
    case RELAY_TLS_FAILED:
    case RELAY_GOES_ON: /* never from relay_run() */
        break;
    case RELAY_TLS_CLOSED:
        return err_new(ERR_UNAVAILABLE, "the server closed the connection");
    case RELAY_PLAIN_CLOSED:
        return err_new(ERR_UNAVAILABLE, "the connection was closed on our side");
    case RELAY_CANCELLED:
        return err_new(ERR_UNAVAILABLE, "the connection was given up");
    }
    return e;
}

static void give_reason(struct pump *p, struct err *e)
{
    p->code = err_code(e);
    p->reason = err_text(e);
    p->hint = err_hint(e) ? strdup(err_hint(e)) : NULL;
    err_free(e);
}

static void *run(void *arg)
{
    struct pump *p = arg;
    struct err *e = NULL;
    thread_name("pump");
    enum relay_end end = relay_run(p->relay, p->abort, &e);
    give_reason(p, explain(end, e));
    atomic_store(&p->has_ended, true);
    shutdown(p->fd, SHUT_RDWR);
    eventfd_write(p->end_fd, 1);
    if (p->listener.ended)
        p->listener.ended(p->listener.arg);
    return NULL;
}

static void release(struct pump *p)
{
    relay_free(p->relay);
    cancel_free(p->abort);
    tls_free(p->tls);
    closep(&p->fd);
    closep(&p->end_fd);
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
    TRY(cancel_new(&p->abort));
    TRY(relay_new(p->tls, p->fd, &p->relay));
    TRY_CTX(thread_start(run, p, &p->thread), "make a connection's pump");
    *ret = TAKE(p);
    *ret_fd = TAKE_FD(plain);
    return NULL;
}

void pump_abort(struct pump *p)
{
    cancel_fire(p->abort);
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
    return relay_sent(p->relay);
}

int pump_end_fd(const struct pump *p)
{
    return p->end_fd;
}
