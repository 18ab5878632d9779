/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/conns.h"

#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

struct conn {
    struct conns *owner;
    struct conn *next, *prev;
    int fd;     /* handed to `serve` */
    int cut_fd; /* ours: the same socket, so that it can be shut down while `fd` is somebody's */
    void (*serve)(struct conn *conn, int fd, void *arg);
    void *arg;
};

struct conns {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct conn *first;
    size_t len;
    bool is_stopping;
};

RESULT conns_new(struct conns **ret)
{
    struct conns *c = calloc(1, sizeof(*c));
    if (!c)
        return err_nomem();
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    *ret = c;
    return NULL;
}

void conns_free(struct conns *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    free(c);
}

/* Whether it was taken in. */
static bool enter(struct conns *c, struct conn *conn)
{
    pthread_mutex_lock(&c->lock);
    bool has_room = c->len < CONNS_MAX && !c->is_stopping;
    if (has_room) {
        conn->next = c->first;
        if (c->first)
            c->first->prev = conn;
        c->first = conn;
        c->len++;
    }
    pthread_mutex_unlock(&c->lock);
    return has_room;
}

static void leave(struct conn *conn)
{
    struct conns *c = conn->owner;
    pthread_mutex_lock(&c->lock);
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        c->first = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    close(conn->cut_fd);
    free(conn);
    /* Signalled under the lock: the waiter may free the registry as soon as it has it. */
    c->len--;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static void *run(void *arg)
{
    struct conn *conn = arg;
    conn->serve(conn, conn->fd, conn->arg);
    OPENSSL_thread_stop(); /* once it has left, the process may end before the thread does */
    leave(conn);
    return NULL;
}

static RESULT start_thread(struct conn *conn)
{
    pthread_t thread;
    TRY(thread_start(run, conn, &thread));
    pthread_detach(thread);
    return NULL;
}

RESULT conns_start(struct conns *c, int fd, void (*serve)(struct conn *conn, int fd, void *arg),
                   void *arg)
{
    CLEANUP(closep) int owned = fd;
    CLEANUP(closep) int cut_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    CLEANUP(freep) struct conn *conn = calloc(1, sizeof(*conn));
    if (!conn)
        return err_nomem();
    if (cut_fd < 0)
        return err_sys(ERR_BUSY, errno, "taking in a connection");
    *conn = (struct conn){.owner = c, .fd = fd, .cut_fd = cut_fd, .serve = serve, .arg = arg};
    if (!enter(c, conn))
        return err_new(ERR_BUSY, "there are %d connections already", CONNS_MAX);
    cut_fd = -1;
    struct err *e = start_thread(conn);
    if (e) {
        leave(TAKE(conn));
        return err_wrap_as(ERR_BUSY, e, "taking in a connection");
    }
    conn = NULL;
    owned = -1;
    return NULL;
}

void conn_cut(struct conn *conn)
{
    shutdown(conn->cut_fd, SHUT_RDWR);
}

static void cut_all(const struct conns *c)
{
    for (struct conn *conn = c->first; conn; conn = conn->next)
        conn_cut(conn);
}

void conns_cut_all(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    cut_all(c);
    pthread_mutex_unlock(&c->lock);
}

void conns_stop(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    cut_all(c);
    while (c->len)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

size_t conns_count(struct conns *c)
{
    pthread_mutex_lock(&c->lock);
    size_t len = c->len;
    pthread_mutex_unlock(&c->lock);
    return len;
}
