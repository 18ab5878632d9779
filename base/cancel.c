/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

struct cancel {
    atomic_bool fired;
    int fd;
    pthread_mutex_t lock;     /* guards what follows */
    pthread_cond_t idle;      /* a hook has ended, or the last one */
    struct cancel_hook hooks; /* ring */
    struct cancel_hook *running;
    pthread_t firing_thread; /* meaningful while `firing` */
    bool firing;
};

RESULT cancel_new(struct cancel **ret)
{
    CLEANUP(freep) struct cancel *c = calloc(1, sizeof(*c));

    if (!c)
        return err_nomem();
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0)
        return err_sys(ERR_BUSY, errno, "eventfd");
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, NULL);
    c->hooks.next = c->hooks.prev = &c->hooks;
    *ret = TAKE(c);
    return NULL;
}

void cancel_free(struct cancel *c)
{
    if (!c)
        return;
    /* Whoever fired it may still be on the way out of cancel_fire(). */
    pthread_mutex_lock(&c->lock);
    while (c->firing)
        pthread_cond_wait(&c->idle, &c->lock);
    pthread_mutex_unlock(&c->lock);
    close(c->fd);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void hook_unlink(struct cancel_hook *h)
{
    h->prev->next = h->next;
    h->next->prev = h->prev;
    h->next = h->prev = NULL;
}

/* Called and returns with the lock held; the hook itself runs without it. */
static void run_first_hook(struct cancel *c)
{
    struct cancel_hook *h = c->hooks.next;

    hook_unlink(h);
    c->running = h;
    pthread_mutex_unlock(&c->lock);
    h->fn(h->arg);
    pthread_mutex_lock(&c->lock);
    c->running = NULL;
    pthread_cond_broadcast(&c->idle);
}

void cancel_fire(struct cancel *c)
{
    pthread_mutex_lock(&c->lock);
    if (!atomic_exchange(&c->fired, true)) {
        (void)eventfd_write(c->fd, 1); /* cannot fail: the counter is 0 */
        c->firing = true;
        c->firing_thread = pthread_self();
        while (c->hooks.next != &c->hooks)
            run_first_hook(c);
        c->firing = false;
        pthread_cond_broadcast(&c->idle);
    }
    pthread_mutex_unlock(&c->lock);
}

bool cancel_fired(const struct cancel *c)
{
    return atomic_load(&c->fired);
}

int cancel_fd(const struct cancel *c)
{
    return c->fd;
}

void cancel_hook_add(struct cancel *c, struct cancel_hook *h)
{
    pthread_mutex_lock(&c->lock);
    bool fired = cancel_fired(c);
    if (fired) {
        h->next = h->prev = NULL;
    } else {
        h->next = &c->hooks;
        h->prev = c->hooks.prev;
        h->prev->next = h;
        c->hooks.prev = h;
    }
    pthread_mutex_unlock(&c->lock);
    if (fired)
        h->fn(h->arg);
}

void cancel_hook_remove(struct cancel *c, struct cancel_hook *h)
{
    pthread_mutex_lock(&c->lock);
    if (h->next)
        hook_unlink(h);
    /* A hook that removes itself would wait for itself. */
    while (c->running == h && !pthread_equal(c->firing_thread, pthread_self()))
        pthread_cond_wait(&c->idle, &c->lock);
    pthread_mutex_unlock(&c->lock);
}
