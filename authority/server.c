/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/server.h"

#include "authority/authority.h"
#include "authority/calls.h"
#include "authority/control.h"
#include "authority/listener.h"
#include "authority/ready.h"
#include "authority/say.h"
#include "authority/serve.h"
#include "base/loop.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

struct server;

/* One of the two ports. */
struct port {
    struct server *server;
    struct listener listener;
    struct loop_io io;
    struct serve_config serve;
};

struct server {
    const struct clock *clock;
    struct authority *authority;
    struct conns *conns;
    struct conns *control_conns; /* apart: an outage does not cut the command that makes it */
    struct cancel *stop;
    struct loop *loop;
    struct port ports[2];
    int control_fd;
    struct loop_io control_io;
    struct control_config control;
};

static void server_release(struct server *s)
{
    for (size_t i = 0; i < 2; i++)
        listener_release(&s->ports[i].listener);
    closep(&s->control_fd);
    loop_free(s->loop);
    conns_free(s->conns);
    conns_free(s->control_conns);
    cancel_free(s->stop);
    authority_free(s->authority);
}

static void on_port(void *arg, uint32_t events)
{
    (void)events;
    struct port *port = arg;
    int fd = listener_accept(&port->listener);
    if (fd >= 0)
        say_err("connection", conns_start(port->server->conns, fd, serve_conn, &port->serve));
}

static void on_control(void *arg, uint32_t events)
{
    (void)events;
    struct server *s = arg;
    int fd = accept4(s->control_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        say_err("control", conns_start(s->control_conns, fd, control_serve, &s->control));
}

static void on_signal(void *arg, int signo)
{
    struct server *s = arg;
    if (signo != SIGTERM && signo != SIGINT)
        return;
    say("ending: %s", strsignal(signo));
    loop_stop(s->loop);
}

/* ---- Outages: the listeners belong to the loop's thread ---- */

struct outage {
    struct server *server;
    struct loop_task task;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    struct err *err;
};

static RESULT set_port(struct server *s, struct port *port, bool is_down)
{
    if (port->listener.fd < 0 || port->listener.is_paused == is_down)
        return NULL;
    if (is_down)
        loop_io_remove(s->loop, &port->io);
    TRY(listener_set_paused(&port->listener, is_down));
    return is_down ? NULL : loop_io_add(s->loop, &port->io, EPOLLIN);
}

static RESULT set_ports(struct server *s)
{
    bool is_down = authority_is_down(s->authority);
    for (size_t i = 0; i < 2; i++)
        TRY(set_port(s, &s->ports[i], is_down));
    if (is_down)
        conns_cut_all(s->conns);
    return NULL;
}

static void on_outage(void *arg)
{
    struct outage *o = arg;
    pthread_mutex_lock(&o->lock);
    o->err = set_ports(o->server);
    o->is_done = true;
    pthread_cond_signal(&o->done);
    pthread_mutex_unlock(&o->lock);
}

static RESULT apply_outage(void *arg)
{
    struct outage o = {.server = arg, .task = {.fn = on_outage, .arg = &o}};
    pthread_mutex_init(&o.lock, NULL);
    pthread_cond_init(&o.done, NULL);
    loop_post(o.server->loop, &o.task);
    pthread_mutex_lock(&o.lock);
    while (!o.is_done)
        pthread_cond_wait(&o.done, &o.lock);
    pthread_mutex_unlock(&o.lock);
    pthread_cond_destroy(&o.done);
    pthread_mutex_destroy(&o.lock);
    return o.err;
}

static void drop(void *arg)
{
    conns_cut_all(((struct server *)arg)->conns);
}

static void end(void *arg)
{
    loop_stop(((struct server *)arg)->loop);
}

/* ---- Start ---- */

static RESULT make_authority(struct server *s, const struct options *o)
{
    const struct authority_config config = {
        .cluster = o->cluster,
        .suite = o->suite,
        .version = o->version,
        .leaves = &o->leaves,
        .state_path = o->state_path,
        .clock = s->clock,
        .entropy = entropy_system(),
    };
    return authority_new(&config, &s->authority);
}

static RESULT open_port(struct server *s, enum serve_port which,
                        const struct sockaddr_storage *addr)
{
    struct port *port = &s->ports[which];
    if (!addr->ss_family)
        return NULL;
    TRY(listener_open(addr, &port->listener));
    port->server = s;
    port->serve = (struct serve_config){s->authority, s->clock, s->stop, which};
    port->io = (struct loop_io){.fd = port->listener.fd, .fn = on_port, .arg = port};
    return loop_io_add(s->loop, &port->io, EPOLLIN);
}

static RESULT open_control(struct server *s, const char *path)
{
    if (!path)
        return NULL;
    TRY(control_listen(path, &s->control_fd));
    s->control =
        (struct control_config){s->authority, s->clock, s->stop, apply_outage, drop, end, s};
    s->control_io = (struct loop_io){.fd = s->control_fd, .fn = on_control, .arg = s};
    return loop_io_add(s->loop, &s->control_io, EPOLLIN);
}

static RESULT start(struct server *s, const struct options *o)
{
    TRY(make_authority(s, o));
    TRY(cancel_new(&s->stop));
    TRY(conns_new(&s->conns));
    TRY(conns_new(&s->control_conns));
    TRY(loop_new(s->clock, &s->loop));
    loop_on_signal(s->loop, on_signal, s);
    TRY(open_port(s, SERVE_PORT_AUTH, &o->listen_auth));
    TRY(open_port(s, SERVE_PORT_WEB, &o->listen_web));
    TRY(open_control(s, o->control_path));
    TRY(authority_set_web_addr(s->authority, s->ports[SERVE_PORT_WEB].listener.addr));
    const struct ready ready = {.options = o,
                                .authority = s->authority,
                                .auth_addr = s->ports[SERVE_PORT_AUTH].listener.addr,
                                .web_addr = s->ports[SERVE_PORT_WEB].listener.addr};
    return ready_announce(&ready);
}

/*
 * Commands first: one that waits for the loop is served by a last turn. Then everybody else.
 */
static void stop(struct server *s, const struct options *o)
{
    cancel_fire(s->stop);
    while (conns_count(s->control_conns))
        err_ignore(loop_turn(s->loop), "nothing more to be done about it");
    conns_stop(s->control_conns);
    conns_stop(s->conns);
    if (o->control_path)
        (void)unlink(o->control_path);
}

RESULT server_run(const struct options *o)
{
    CLEANUP(server_release)
    struct server s = {.clock = clock_system(),
                       .control_fd = -1,
                       .ports = {{.listener = LISTENER_INIT}, {.listener = LISTENER_INIT}}};
    TRY(start(&s, o));
    struct err *e = loop_run(s.loop);
    stop(&s, o);
    return e;
}
