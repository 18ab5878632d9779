/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/relay_world.h"

#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#define RECORD RELAY_WORLD_RECORD
#define BIG RELAY_WORLD_BIG
#define MOST_TURNS 100000

static struct relay_world *playing;

int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
    struct relay_world *w = playing;
    if (!w)
        return __real_poll(fds, n, ms);
    assert_int_equal(ms, -1);
    assert_true(w->n_turns++ < MOST_TURNS);
    w->turn(w);
    int ready = __real_poll(fds, n, 0);
    w->n_stuck = ready == 0 ? w->n_stuck + 1 : 0;
    return ready;
}

static void accept_peer(int fd, void *arg)
{
    struct relay_world *w = arg;
    const struct tls_server_config config = {.cert = w->identity.cert, .key = w->identity.key};
    CLEANUP(tls_server_freep) struct tls_server *server = NULL;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    w->refused = tls_server_new(&config, &server);
    if (!w->refused)
        w->refused = tls_accept(fd, server, &w->ctx, &w->peer);
}

int relay_world_set_up(void **state)
{
    struct relay_world *w = calloc(1, sizeof(*w));
    int pair[2];
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    const struct tls_client_config anybody = {.verify = TLS_VERIFY_NONE};
    w->ctx = ctx_until(&ctx, dur_s(30));
    w->identity = identity_make(&(struct identity_spec){
        .name = "peer", .not_before = "20250101000000Z", .not_after = "20260101000000Z"});
    struct far_end far;
    assert_ok(tls_connect(far_end_start(&far, accept_peer, w), &anybody, &w->ctx, &w->tls));
    far_end_join(&far);
    assert_ok(w->refused);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    w->fd = pair[0];
    w->plain = pair[1];
    const int little = 4096; /* less than a record: it goes in parts */
    assert_int_equal(setsockopt(w->fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)), 0);
    assert_ok(cancel_new(&w->cancel));
    assert_ok(relay_new(w->tls, w->fd, &w->relay));
    w->sent = malloc(BIG);
    w->got = malloc(BIG + 1);
    for (size_t i = 0; i < BIG; i++)
        w->sent[i] = (uint8_t)(i * 31 >> 3);
    *state = w;
    return 0;
}

int relay_world_tear_down(void **state)
{
    struct relay_world *w = *state;
    relay_free(w->relay);
    cancel_free(w->cancel);
    tls_free(w->tls);
    tls_free(w->peer);
    closep(&w->plain);
    closep(&w->fd);
    identity_release(&w->identity);
    free(w->sent);
    free(w->got);
    free(w);
    return 0;
}

enum relay_end relay_world_play(struct relay_world *w, void (*turn)(struct relay_world *w),
                                struct err **ret_err)
{
    w->turn = turn;
    playing = w;
    enum relay_end end = relay_run(w->relay, w->cancel, ret_err);
    playing = NULL;
    return end;
}

void relay_world_plain_sends(struct relay_world *w)
{
    ssize_t n = 1;
    while (w->n_sent < BIG && n > 0) {
        n = send(w->plain, w->sent + w->n_sent, BIG - w->n_sent, MSG_DONTWAIT);
        w->n_sent += n > 0 ? (size_t)n : 0;
    }
}

void relay_world_peer_sends(struct relay_world *w)
{
    struct err *e = NULL;
    size_t n = 0;
    while (w->n_sent < BIG &&
           tls_try_write(w->peer, w->sent + w->n_sent, BIG - w->n_sent, &n, &e) == TLS_DONE)
        w->n_sent += n;
    assert_ok(e);
}

/* Where nothing is to come any more, there is room to see that nothing does. */
static size_t room(const struct relay_world *w, size_t most)
{
    size_t left = BIG + 1 - w->n_got;
    return most < left ? most : left;
}

ssize_t relay_world_plain_reads(struct relay_world *w, size_t most)
{
    ssize_t n = recv(w->plain, w->got + w->n_got, room(w, most), MSG_DONTWAIT);
    w->n_got += n > 0 ? (size_t)n : 0;
    return n;
}

enum tls_status relay_world_peer_reads(struct relay_world *w, size_t most)
{
    struct err *e = NULL;
    size_t n = 0;
    enum tls_status status = tls_try_read(w->peer, w->got + w->n_got, room(w, most), &n, &e);
    w->n_got += status == TLS_DONE ? n : 0;
    assert_ok(e);
    return status;
}

void relay_world_plain_closes(struct relay_world *w)
{
    closep(&w->plain);
    w->plain = -1;
}

void relay_world_peer_vanishes(struct relay_world *w)
{
    w->has_left = true;
    assert_int_equal(shutdown(tls_fd(w->peer), SHUT_RDWR), 0);
}

void relay_world_plain_reads_on(struct relay_world *w)
{
    while (relay_world_plain_reads(w, BIG) > 0)
        ;
}

void relay_world_peer_reads_on(struct relay_world *w)
{
    while (relay_world_peer_reads(w, BIG) == TLS_DONE)
        ;
}

void relay_world_assert_peer_got_all(struct relay_world *w)
{
    relay_world_peer_reads_on(w);
    assert_int_equal(relay_world_peer_reads(w, 1), TLS_CLOSED);
    assert_int_equal(w->n_got, w->n_sent);
    assert_memory_equal(w->got, w->sent, w->n_got);
}

void relay_world_assert_plain_got_all(struct relay_world *w)
{
    relay_world_plain_reads_on(w);
    assert_int_equal(w->n_got, w->n_sent);
    assert_memory_equal(w->got, w->sent, w->n_got);
}
