/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

/* How often to look again before it counts as quiet, a millisecond apart. */
#define QUIET_LOOKS 30

void world_listen(struct server_world *w, const char *tcp)
{
    char text[160];
    unsigned port = 0;
    diag_server_free(w->server);
    w->server = NULL;
    snprintf(text, sizeof(text), "unix:%s", temp_dir_join(&w->dir, "diag.sock"));
    assert_ok(diag_address_parse(tcp, &w->addresses[0]));
    assert_ok(diag_address_parse(text, &w->addresses[1]));
    struct diag_server_config c = {.loop = w->loop,
                                   .clock = &w->time.clock,
                                   .health = w->health,
                                   .metrics = w->metrics,
                                   .control = &w->control,
                                   .reporter = w->reporter,
                                   .log = w->log,
                                   .addresses = w->addresses,
                                   .n_addresses = 2,
                                   .token_file = w->token_file,
                                   .tls = w->tls,
                                   .policy = {.is_debug = w->is_debug},
                                   .livez_stall = DIAG_LIVEZ_STALL,
                                   .version = "1.2.3"};
    assert_ok(diag_server_new(&c, &w->server));
    assert_ok(diag_server_port(w->server, 0, &port));
    assert_ok(diag_address_parse("127.0.0.1:0", &w->addresses[0]));
    w->addresses[0].at.v4.sin_port = htons((uint16_t)port);
}

int world_setup(void **state)
{
    static struct server_world w;
    w = (struct server_world){.dir = temp_dir_make()};
    fake_clock_init(&w.time, "2026-01-02T03:04:05Z");
    loop_block_signals();
    assert_ok(loop_new(&w.time.clock, &w.loop));
    assert_ok(health_new(&w.health));
    assert_ok(metrics_new(&w.metrics));
    assert_ok(
        health_add(w.health, "identity", HEALTH_SERVICE, clock_now(&w.time.clock), &w.identity));
    world_listen(&w, "127.0.0.1:0");
    *state = &w;
    return 0;
}

int world_teardown(void **state)
{
    struct server_world *w = *state;
    diag_server_free(w->server);
    metrics_free(w->metrics);
    health_free(w->health);
    loop_free(w->loop);
    temp_dir_remove(&w->dir);
    return 0;
}

void world_settle(struct server_world *w)
{
    for (int i = 0; i < 5; i++)
        assert_ok(loop_turn(w->loop));
}

int world_connect(struct server_world *w, size_t n)
{
    int fd = socket(w->addresses[n].at.any.sa_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &w->addresses[n].at.any, w->addresses[n].len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    world_settle(w);
    return fd;
}

void world_send(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL); /* the server may have hung up */
}

bool world_read(struct server_world *w, int fd, char reply[REPLY_SIZE])
{
    size_t len = 0;
    for (int quiet = 0; quiet < QUIET_LOOKS;) {
        assert_ok(loop_turn(w->loop));
        ssize_t n = recv(fd, reply + len, REPLY_SIZE - 1 - len, 0);
        if (n > 0) {
            len = len + (size_t)n < REPLY_SIZE - 1 ? len + (size_t)n : 0;
            quiet = 0;
            continue;
        }
        reply[len] = '\0';
        if (n == 0 || errno != EAGAIN)
            return true;
        quiet++;
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1);
    }
    reply[len] = '\0';
    return false;
}

/* A request on a connection of its own. */
static const char *exchange(struct server_world *w, size_t n, const char *request)
{
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, n);
    world_send(fd, request);
    world_read(w, fd, reply);
    close(fd);
    return reply;
}

const char *world_ask(struct server_world *w, size_t n, const char *method, const char *path,
                      const char *body)
{
    char request[1024];
    snprintf(request, sizeof(request),
             "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             method, path, strlen(body), body);
    return exchange(w, n, request);
}

const char *world_get_with(struct server_world *w, size_t n, const char *path, const char *header)
{
    char request[1024];
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\n\r\n", path, header);
    return exchange(w, n, request);
}

const char *world_get(struct server_world *w, size_t n, const char *path)
{
    return world_ask(w, n, "GET", path, "");
}
