/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/server_private.h"

#include "diag/core/metrics_points.h"
#include "diag/server_metrics.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* How long to leave a listener alone on which accept(2) failed: longer than a busy moment lasts. */
#define ACCEPT_PAUSE dur_s(1)

static struct mono now(const struct diag_server *s)
{
    return loop_now(s->c.loop).mono;
}

void server_set_timer(struct diag_server *s, struct loop_timer *t, struct mono at)
{
    struct err *e = loop_timer_set(s->c.loop, t, at);
    if (e)
        log_err(s->c.log, LOG_WARN, "diag", "a timer could not be set", e);
    err_free(e);
}

void server_plan_deadline(struct diag_server *s)
{
    server_set_timer(s, &s->deadline, places_next_deadline(&s->places));
}

static void tick(void *arg)
{
    struct diag_server *s = arg;
    liveness_tick(&s->liveness, now(s));
    server_set_timer(s, &s->tick, liveness_next_tick(&s->liveness));
}

/* On return its place is free, unless the HTTP server keeps it for a moment. */
static void end_connection(struct diag_server *s, struct place *at, enum diag_tls_end why)
{
    if (at->tls)
        diag_tls_conn_end(at, why);
    if (at->fd >= 0)
        diag_http_end(s->http, at);
}

/* Whoever keeps us waiting too long. Each is shut down once: the next deadline is out of reach. */
static void enforce_deadlines(void *arg)
{
    struct diag_server *s = arg;
    struct place *at;
    while ((at = places_overdue(&s->places, now(s))) != NULL) {
        log_debug(s->c.log, "diag", "a client took too long",
                  LOG_STR("listener", s->ears[at->listener].listener.text));
        at->deadline = MONO_NEVER;
        end_connection(s, at, DIAG_TLS_OVERDUE);
    }
    server_plan_deadline(s);
}

/* Root, and the user we run as. Where it cannot be told: nobody. */
static bool is_peer_allowed(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

/* A place for one more; who has waited longest gives way to it. */
static struct place *make_room(struct ear *ear, bool is_local)
{
    struct diag_server *s = ear->server;
    struct place *at = places_take(&s->places, ear->number, is_local, now(s));
    if (at)
        return at;
    struct place *victim = places_victim(&s->places, ear->number, is_local);
    if (!victim)
        return NULL;
    end_connection(s, victim, DIAG_TLS_EVICTED);
    return places_take(&s->places, ear->number, is_local, now(s));
}

static void admit(struct ear *ear, int accepted)
{
    CLEANUP(closep) int fd = accepted;
    struct diag_server *s = ear->server;
    bool is_local = ear->listener.origin == DIAG_FROM_SOCKET;
    struct place *at = make_room(ear, is_local);
    if (!at)
        return;
    at->is_peer_allowed = is_local && is_peer_allowed(fd);
    at->is_tls = ear->listener.is_tls;
    if (at->is_tls) {
        diag_tls_conn_open(&s->tls, at, TAKE_FD(fd));
        return;
    }
    at->fd = TAKE_FD(fd);
    diag_http_add(s->http, at);
}

static void resume(void *arg)
{
    struct ear *ear = arg;
    struct err *e = loop_io_change(ear->server->c.loop, &ear->io, EPOLLIN);
    err_ignore(e, "the descriptor is ours and watched");
}

static void say_short(struct ear *ear, int errnum)
{
    struct err *why = err_sys(ERR_BUSY, errnum, "accepting on '%s'", ear->listener.text);
    log_err(ear->server->c.log, ear->is_short ? LOG_DEBUG : LOG_WARN, "diag",
            "cannot take a connection without ending another", why);
    ear->is_short = true;
    err_free(why);
}

/* One of our own connections gives its descriptor back. false: there is none that may. */
static bool make_way(struct ear *ear)
{
    struct diag_server *s = ear->server;
    bool is_local = ear->listener.origin == DIAG_FROM_SOCKET;
    struct place *victim = places_victim(&s->places, ear->number, is_local);
    if (victim)
        end_connection(s, victim, DIAG_TLS_EVICTED);
    return victim && victim->state == PLACE_FREE;
}

/* The listener stays readable, so watching it on would spin: it rests for a moment. */
static void pause_accepting(struct ear *ear)
{
    struct diag_server *s = ear->server;
    struct err *e = loop_io_change(s->c.loop, &ear->io, 0);
    err_ignore(e, "the descriptor is ours and watched");
    server_set_timer(s, &ear->resume, mono_add(now(s), ACCEPT_PAUSE));
}

static bool is_of_one_client(int errnum)
{
    return errnum == ECONNABORTED || errnum == EINTR || errnum == EPROTO || errnum == EPERM;
}

/* Without descriptors accept(2) fails before it looks: that does not say that somebody waits. */
static bool is_somebody_there(const struct ear *ear)
{
    struct pollfd queue = {.fd = ear->listener.fd, .events = POLLIN};
    return poll(&queue, 1, 0) == 1;
}

/*
 * After an accept(2) that failed. Where descriptors or memory have run out each newcomer takes the place of
 * another at once: a probe stands behind all the clients that came to hold us up.
 */
static bool may_accept_again(struct ear *ear, int errnum)
{
    if (is_of_one_client(errnum))
        return true;
    if (errnum == EAGAIN)
        ear->is_short = false;
    if (errnum == EAGAIN || !is_somebody_there(ear))
        return false;
    say_short(ear, errnum);
    if (make_way(ear))
        return true;
    pause_accepting(ear);
    return false;
}

/* As many as there are places, then the loop has its turn again. */
static void on_listener(void *arg, uint32_t events)
{
    (void)events;
    struct ear *ear = arg;
    for (int i = 0; i < PLACES_MAX; i++) {
        int fd = accept4(ear->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            admit(ear, fd);
        else if (!may_accept_again(ear, errno))
            break;
    }
    server_plan_deadline(ear->server);
}

/* 0: it has none. */
static unsigned port_of(int fd)
{
    struct diag_address a = {.len = sizeof(a.at)};
    if (getsockname(fd, &a.at.any, &a.len) < 0)
        return 0;
    if (a.at.any.sa_family == AF_INET)
        return ntohs(a.at.v4.sin_port);
    return a.at.any.sa_family == AF_INET6 ? ntohs(a.at.v6.sin6_port) : 0;
}

static struct err *open_ear(struct diag_server *s, const struct diag_address *a)
{
    struct ear *ear = &s->ears[s->n_ears];
    *ear = (struct ear){.server = s, .number = (unsigned)s->n_ears};
    TRY(diag_listener_open(a, &ear->listener));
    s->n_ears++;
    ear->port = port_of(ear->listener.fd);
    ear->io = (struct loop_io){.fd = ear->listener.fd, .fn = on_listener, .arg = ear};
    ear->resume = (struct loop_timer){.fn = resume, .arg = ear};
    TRY(loop_io_add(s->c.loop, &ear->io, EPOLLIN));
    ear->is_watched = true;
    return NULL;
}

/* Once all are open: who cannot have one may begin again with fewer. */
static struct err *open_ears(struct diag_server *s)
{
    for (size_t i = 0; i < s->c.n_addresses; i++)
        TRY(open_ear(s, &s->c.addresses[i]));
    for (size_t i = 0; i < s->n_ears; i++)
        log_info(s->c.log, "diag", "listening", LOG_STR("address", s->ears[i].listener.text));
    return NULL;
}

static void close_ear(struct ear *ear)
{
    struct loop *loop = ear->server->c.loop;
    loop_timer_clear(loop, &ear->resume);
    if (ear->is_watched)
        loop_io_remove(loop, &ear->io);
    ear->is_watched = false;
    diag_listener_close(&ear->listener);
}

/* The plain end of a TLS connection. */
static void on_decrypted(void *arg, struct place *at)
{
    struct diag_server *s = arg;
    diag_http_add(s->http, at);
}

static struct err *start(struct diag_server *s)
{
    struct diag_http_config http = {.loop = s->c.loop,
                                    .log = s->c.log,
                                    .server = s->name,
                                    .arg = s,
                                    .answer = server_answer_make,
                                    .answered = server_answer_sent,
                                    .closed = server_answer_closed};
    s->tls = (struct diag_tls_host){.loop = s->c.loop,
                                    .log = s->c.log,
                                    .metrics = s->c.metrics,
                                    .arg = s,
                                    .ready = on_decrypted};
    TRY(server_asker_init(s));
    TRY(diag_http_new(&http, &s->http));
    TRY(open_ears(s));
    server_asker_warn(s);
    server_metrics_declare(s->c.metrics);
    tick(s);
    return NULL;
}

RESULT diag_server_new(const struct diag_server_config *c, struct diag_server **ret)
{
    if (c->n_addresses > DIAG_ADDRESSES_MAX)
        return err_new(ERR_CONFIG, "diagnostics: %zu addresses, at most %d can be served",
                       c->n_addresses, DIAG_ADDRESSES_MAX);
    CLEANUP(diag_server_freep) struct diag_server *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *c;
    if (!s->c.metrics_prefix)
        s->c.metrics_prefix = METRICS_PREFIX;
    if (gethostname(s->hostname, sizeof(s->hostname)) != 0)
        s->hostname[0] = '\0'; /* then nothing says where a metric is from */
    s->liveness = (struct liveness){.ticked = now(s), .stall = c->livez_stall};
    s->tick = (struct loop_timer){.fn = tick, .arg = s};
    s->deadline = (struct loop_timer){.fn = enforce_deadlines, .arg = s};
    server_answer_init(s);
    snprintf(s->name, sizeof(s->name), "tbot/%s", c->version);
    TRY(start(s));
    s->c.addresses = NULL;
    *ret = TAKE(s);
    return NULL;
}

/* What the HTTP server has said last is in the socket pairs. */
static void stop_tls(struct diag_server *s)
{
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (s->places.at[i].tls)
            diag_tls_conn_end(&s->places.at[i], DIAG_TLS_STOPPED);
    }
}

void diag_server_stop(struct diag_server *s)
{
    if (s->is_stopped)
        return;
    s->is_stopped = true;
    for (size_t i = 0; i < s->n_ears; i++)
        close_ear(&s->ears[i]);
    loop_timer_clear(s->c.loop, &s->tick);
    if (s->http)
        diag_http_ask_again(s->http);
    server_answer_release(s);
    diag_http_free(TAKE(s->http));
    stop_tls(s);
    loop_timer_clear(s->c.loop, &s->deadline); /* the last answers have set it again */
}

void diag_server_free(struct diag_server *s)
{
    if (!s)
        return;
    diag_server_stop(s);
    server_asker_release(s);
    free(s);
}

RESULT diag_server_port(const struct diag_server *s, size_t n, unsigned *ret)
{
    if (n >= s->n_ears || s->ears[n].port == 0)
        return err_new(ERR_NOT_FOUND, "no TCP port at diagnostics address %zu", n);
    *ret = s->ears[n].port;
    return NULL;
}
