/* SPDX-License-Identifier: Apache-2.0 */
#include "push_sink.h"

#include "tests/support/assert_err.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

struct push_sink {
    int fd;
    int stop; /* eventfd */
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    enum push_sink_kind kind;
    const char *reply;
    unsigned count;
    struct buf received;
};

/* false: the test is over. */
static bool is_readable(const struct push_sink *s, int fd)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop, .events = POLLIN}};
    while (poll(p, 2, -1) < 0)
        ;
    return !p[1].revents;
}

static bool is_whole_request(const struct buf *b)
{
    const char *head_end = b->len ? strstr(buf_str(b), "\r\n\r\n") : NULL;
    const char *length = head_end ? strstr(buf_str(b), "Content-Length: ") : NULL;
    return length && b->len >= (size_t)(head_end + 4 - buf_str(b)) +
                                   strtoul(length + strlen("Content-Length: "), NULL, 10);
}

/* Until the end of the stream, or of what is waited for. */
static void take(const struct push_sink *s, int fd, enum push_sink_kind kind, struct buf *to)
{
    char block[4096];
    while (is_readable(s, fd)) {
        ssize_t n = recv(fd, block, sizeof(block), 0);
        if (n <= 0)
            return;
        err_free(buf_add(to, block, (size_t)n));
        if (kind == PUSH_SINK_RESETS || (kind == PUSH_SINK_ANSWERS && is_whole_request(to)))
            return;
    }
}

/* Closing with this set sends RST. */
static void break_off(int fd)
{
    const struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
}

/* The client has gone, or the test is over. */
static void hang(const struct push_sink *s, int fd)
{
    struct pollfd p[] = {{.fd = fd}, {.fd = s->stop, .events = POLLIN}};
    while (poll(p, 2, -1) < 0)
        ;
}

static void serve(struct push_sink *s, int fd)
{
    struct buf got = BUF_INIT((size_t)1 << 24);
    pthread_mutex_lock(&s->lock);
    enum push_sink_kind kind = s->kind;
    const char *reply = s->reply;
    pthread_mutex_unlock(&s->lock);
    take(s, fd, kind, &got);
    if (kind == PUSH_SINK_ANSWERS)
        (void)!send(fd, reply, strlen(reply), MSG_NOSIGNAL);
    if (kind == PUSH_SINK_RESETS)
        break_off(fd);
    if (kind == PUSH_SINK_HANGS)
        hang(s, fd);
    pthread_mutex_lock(&s->lock);
    buf_release(&s->received);
    s->received = got;
    s->count++;
    pthread_mutex_unlock(&s->lock);
    close(fd);
}

static void *run(void *arg)
{
    struct push_sink *s = arg;
    while (is_readable(s, s->fd)) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve(s, fd);
    }
    return NULL;
}

struct push_sink *push_sink_start(void)
{
    struct push_sink *s = calloc(1, sizeof(*s));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    assert_non_null(s);
    pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->stop = eventfd(0, EFD_CLOEXEC);
    assert_true(s->fd >= 0 && s->stop >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
    return s;
}

void push_sink_stop(struct push_sink *s)
{
    assert_int_equal(eventfd_write(s->stop, 1), 0);
    pthread_join(s->thread, NULL);
    close(s->fd);
    close(s->stop);
    buf_release(&s->received);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

unsigned push_sink_port(const struct push_sink *s)
{
    return s->port;
}

void push_sink_behave(struct push_sink *s, enum push_sink_kind kind, const char *reply)
{
    pthread_mutex_lock(&s->lock);
    s->kind = kind;
    s->reply = reply;
    pthread_mutex_unlock(&s->lock);
}

unsigned push_sink_count(struct push_sink *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

char *push_sink_received(struct push_sink *s, unsigned count)
{
    while (push_sink_count(s) < count)
        sched_yield();
    pthread_mutex_lock(&s->lock);
    char *text = strdup(buf_str(&s->received));
    pthread_mutex_unlock(&s->lock);
    assert_non_null(text);
    return text;
}
