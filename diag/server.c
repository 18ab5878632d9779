/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/server.h"

#include "diag/core/metrics_points.h"
#include "diag/http.h"
#include "diag/listener.h"
#include "diag/server_metrics.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* How long to leave a listener alone on which accept(2) failed: longer than a busy moment lasts. */
#define ACCEPT_PAUSE dur_s(1)

struct ear {
    struct diag_server *server;
    unsigned number;
    struct diag_listener listener;
    struct loop_io io;
    struct loop_timer resume;
    bool is_watched;
    bool is_short; /* of descriptors or memory: said once, until it accepts again */
};

struct diag_server {
    struct diag_server_config c;
    char name[64];
    char hostname[HOST_NAME_MAX + 1];
    struct diag_http *http;
    struct places places;
    struct ear ears[DIAG_ADDRESSES_MAX];
    size_t n_ears;
    struct liveness liveness;
    struct loop_timer tick;
    struct loop_timer deadline;
    bool is_stopped;
};

static struct mono now(const struct diag_server *s)
{
    return loop_now(s->c.loop).mono;
}

/* Without memory for a timer only punctuality suffers: the next event sets it again. */
static void set_timer(struct diag_server *s, struct loop_timer *t, struct mono at)
{
    struct err *e = loop_timer_set(s->c.loop, t, at);
    if (e)
        log_err(s->c.log, LOG_WARN, "diag", "a timer could not be set", e);
    err_free(e);
}

static void plan_deadline(struct diag_server *s)
{
    set_timer(s, &s->deadline, places_next_deadline(&s->places));
}

static void tick(void *arg)
{
    struct diag_server *s = arg;
    s->liveness.ticked = now(s);
    set_timer(s, &s->tick, liveness_next_tick(&s->liveness));
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
        diag_http_end(s->http, at);
    }
    plan_deadline(s);
}

static void show_in_flight(struct diag_server *s)
{
    server_metrics_in_flight(s->c.metrics, places_count(&s->places, PLACE_ANSWERING));
}

static bool on_answer(void *arg, struct place *at, struct diag_request *r, struct diag_answer *a)
{
    struct diag_server *s = arg;
    struct diag_facts facts = {.health = s->c.health,
                               .metrics = s->c.metrics,
                               .metrics_prefix = s->c.metrics_prefix,
                               .hostname = s->hostname,
                               .liveness = s->liveness,
                               .now = loop_now(s->c.loop),
                               .pid = getpid()};
    r->asker.origin = s->ears[at->listener].listener.origin;
    r->asker.is_peer_allowed = at->is_peer_allowed;
    place_begin_answer(at, now(s));
    show_in_flight(s);
    struct err *e = diag_routes_answer(&s->c.policy, r, &facts, a);
    if (e)
        log_err(s->c.log, LOG_ERROR, "diag", "no answer could be made", e);
    else
        server_metrics_answered(s->c.metrics, a->route, a->code);
    bool is_made = e == NULL;
    err_free(e);
    return is_made;
}

static void on_answered(void *arg, struct place *at)
{
    struct diag_server *s = arg;
    if (at->state == PLACE_ANSWERING)
        server_metrics_took(s->c.metrics, mono_diff(clock_mono(s->c.clock), at->since));
    place_end_answer(at, now(s));
    show_in_flight(s);
}

static void on_closed(void *arg, struct place *at)
{
    place_leave(at);
    show_in_flight(arg);
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
    diag_http_end(s->http, victim);
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
    at->fd = TAKE_FD(fd);
    diag_http_add(s->http, at);
}

static void resume(void *arg)
{
    struct ear *ear = arg;
    struct err *e = loop_io_change(ear->server->c.loop, &ear->io, EPOLLIN);
    err_ignore(e, "the descriptor is ours and watched");
}

/*
 * Descriptors or memory have run out. The listener stays readable, so watching it on would spin: it
 * rests for a moment, and one of our own connections gives its descriptor back.
 */
static void pause_accepting(struct ear *ear, int errnum)
{
    struct diag_server *s = ear->server;
    struct err *why = err_sys(ERR_BUSY, errnum, "accepting on '%s'", ear->listener.text);
    log_err(s->c.log, ear->is_short ? LOG_DEBUG : LOG_WARN, "diag",
            "cannot take a connection; trying every second", why);
    ear->is_short = true;
    err_free(why);
    struct place *victim =
        places_victim(&s->places, ear->number, ear->listener.origin == DIAG_FROM_SOCKET);
    if (victim)
        diag_http_end(s->http, victim);
    struct err *e = loop_io_change(s->c.loop, &ear->io, 0);
    err_ignore(e, "the descriptor is ours and watched");
    set_timer(s, &ear->resume, mono_add(now(s), ACCEPT_PAUSE));
}

static bool is_of_one_client(int errnum)
{
    return errnum == ECONNABORTED || errnum == EINTR || errnum == EPROTO || errnum == EPERM;
}

/* As many as there are places, then the loop has its turn again. */
static void on_listener(void *arg, uint32_t events)
{
    (void)events;
    struct ear *ear = arg;
    for (int i = 0; i < PLACES_MAX; i++) {
        int fd = accept4(ear->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            ear->is_short = false;
            admit(ear, fd);
        } else if (errno == EAGAIN) {
            break;
        } else if (!is_of_one_client(errno)) {
            pause_accepting(ear, errno);
            break;
        }
    }
    plan_deadline(ear->server);
}

static struct err *open_ear(struct diag_server *s, const struct diag_address *a)
{
    struct ear *ear = &s->ears[s->n_ears];
    *ear = (struct ear){.server = s, .number = (unsigned)s->n_ears};
    TRY(diag_listener_open(a, &ear->listener));
    s->n_ears++;
    ear->io = (struct loop_io){.fd = ear->listener.fd, .fn = on_listener, .arg = ear};
    ear->resume = (struct loop_timer){.fn = resume, .arg = ear};
    TRY(loop_io_add(s->c.loop, &ear->io, EPOLLIN));
    ear->is_watched = true;
    log_info(s->c.log, "diag", "listening", LOG_STR("address", ear->listener.text));
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

static struct err *start(struct diag_server *s)
{
    struct diag_http_config http = {.loop = s->c.loop,
                                    .log = s->c.log,
                                    .server = s->name,
                                    .arg = s,
                                    .answer = on_answer,
                                    .answered = on_answered,
                                    .closed = on_closed};
    TRY(diag_http_new(&http, &s->http));
    for (size_t i = 0; i < s->c.n_addresses; i++)
        TRY(open_ear(s, &s->c.addresses[i]));
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
    s->liveness.stall = c->livez_stall;
    s->tick = (struct loop_timer){.fn = tick, .arg = s};
    s->deadline = (struct loop_timer){.fn = enforce_deadlines, .arg = s};
    snprintf(s->name, sizeof(s->name), "tbot/%s", c->version);
    TRY(start(s));
    s->c.addresses = NULL;
    *ret = TAKE(s);
    return NULL;
}

void diag_server_stop(struct diag_server *s)
{
    if (s->is_stopped)
        return;
    s->is_stopped = true;
    for (size_t i = 0; i < s->n_ears; i++)
        close_ear(&s->ears[i]);
    loop_timer_clear(s->c.loop, &s->tick);
    loop_timer_clear(s->c.loop, &s->deadline);
    if (s->http)
        diag_http_run(s->http);
    diag_http_free(TAKE(s->http));
}

void diag_server_free(struct diag_server *s)
{
    if (!s)
        return;
    diag_server_stop(s);
    free(s);
}

RESULT diag_server_port(const struct diag_server *s, size_t n, unsigned *ret)
{
    struct diag_address a = {.len = sizeof(a.at)};
    if (n >= s->n_ears || getsockname(s->ears[n].listener.fd, &a.at.any, &a.len) < 0 ||
        (a.at.any.sa_family != AF_INET && a.at.any.sa_family != AF_INET6))
        return err_new(ERR_NOT_FOUND, "no TCP port at diagnostics address %zu", n);
    *ret = ntohs(a.at.any.sa_family == AF_INET ? a.at.v4.sin_port : a.at.v6.sin6_port);
    return NULL;
}
