/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include "base/loop_heap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define EVENTS_PER_TURN 16
#define JUMP_TOLERANCE_S 2

struct loop {
    const struct clock *clock;
    struct now now;
    int epoll_fd;
    struct epoll_event events[EVENTS_PER_TURN]; /* of this turn, `next_event` on yet to be told */
    int n_events, next_event;
    struct loop_io timer, calendar, signals, wake;
    struct loop_heap heap;
    void (*on_signal)(void *arg, int signo);
    void *signal_arg;
    void (*on_jump)(void *arg, struct dur by);
    void *jump_arg;
    pthread_mutex_t lock; /* of the queue */
    struct loop_task *first, **last;
    atomic_bool stopping;
};

static void our_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
}

void loop_block_signals(void)
{
    sigset_t set;
    our_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Empties a timerfd or eventfd. */
static void drain(int fd)
{
    uint64_t n;
    while (read(fd, &n, sizeof(n)) > 0)
        ;
}

static void timer_fired(void *arg, uint32_t events)
{
    (void)events;
    drain(((struct loop *)arg)->timer.fd);
}

/*
 * A far timer on the calendar that the kernel cancels when somebody sets the clock: that wakes us,
 * and the reading at the head of the turn shows the jump.
 */
static void calendar_moved(void *arg, uint32_t events)
{
    (void)events;
    struct loop *l = arg;
    drain(l->calendar.fd);
    struct itimerspec far = {.it_value = {.tv_sec = INT64_C(7258118400)}}; /* the year 2200 */
    timerfd_settime(l->calendar.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

static void signal_came(void *arg, uint32_t events)
{
    (void)events;
    struct loop *l = arg;
    struct signalfd_siginfo info;
    while (read(l->signals.fd, &info, sizeof(info)) == sizeof(info)) {
        if (l->on_signal)
            l->on_signal(l->signal_arg, (int)info.ssi_signo);
    }
}

static struct loop_task *take_tasks(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct loop_task *tasks = l->first;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    return tasks;
}

static void task_came(void *arg, uint32_t events)
{
    (void)events;
    struct loop *l = arg;
    drain(l->wake.fd);
    struct loop_task *task = take_tasks(l);
    while (task) {
        struct loop_task *next = task->next; /* running may free or post it again */
        task->fn(task->arg);
        task = next;
    }
}

static struct err *watch(struct loop *l, struct loop_io *io, int fd,
                         void (*fn)(void *arg, uint32_t events))
{
    if (fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "making the event loop");
    *io = (struct loop_io){fd, fn, l};
    return loop_io_add(l, io, EPOLLIN);
}

static struct err *open_descriptors(struct loop *l)
{
    sigset_t set;
    our_signals(&set);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "making the event loop");
    const int flags = TFD_CLOEXEC | TFD_NONBLOCK;
    TRY(watch(l, &l->timer, timerfd_create(CLOCK_BOOTTIME, flags), timer_fired));
    TRY(watch(l, &l->calendar, timerfd_create(CLOCK_REALTIME, flags), calendar_moved));
    TRY(watch(l, &l->signals, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), signal_came));
    TRY(watch(l, &l->wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), task_came));
    calendar_moved(l, 0);
    return NULL;
}

RESULT loop_new(const struct clock *clock, struct loop **ret)
{
    CLEANUP(loop_freep) struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return err_nomem();
    l->epoll_fd = l->timer.fd = l->calendar.fd = l->signals.fd = l->wake.fd = -1;
    l->clock = clock;
    l->now = clock_now(clock);
    l->last = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    TRY(open_descriptors(l));
    *ret = TAKE(l);
    return NULL;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    closep(&l->epoll_fd);
    closep(&l->timer.fd);
    closep(&l->calendar.fd);
    closep(&l->signals.fd);
    closep(&l->wake.fd);
    loop_heap_release(&l->heap);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void look_at_the_clock(struct loop *l)
{
    struct now before = l->now;
    l->now = clock_now(l->clock);
    struct dur by = {wall_diff(l->now.wall, before.wall).ns -
                     mono_diff(l->now.mono, before.mono).ns};
    bool jumped = by.ns > dur_s(JUMP_TOLERANCE_S).ns || by.ns < -dur_s(JUMP_TOLERANCE_S).ns;
    if (jumped && l->on_jump)
        l->on_jump(l->jump_arg, by);
}

/* As many as are set now: one that sets itself to the past again must not hold up the loop. */
static void run_timers(struct loop *l)
{
    for (size_t n = l->heap.len; n > 0; n--) {
        struct loop_timer *t = loop_heap_first(&l->heap);
        if (!t || mono_before(l->now.mono, t->at))
            return;
        loop_heap_remove(&l->heap, t);
        t->fn(t->arg);
    }
}

static void arm(struct loop *l)
{
    const struct loop_timer *t = loop_heap_first(&l->heap);
    int64_t ns = !t ? 0 : t->at.ns > 0 ? t->at.ns : 1; /* 0 would disarm it */
    struct itimerspec when = {.it_value = {ns / 1000000000, ns % 1000000000}};
    timerfd_settime(l->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static struct err *turn(struct loop *l, int timeout_ms)
{
    l->n_events = epoll_wait(l->epoll_fd, l->events, EVENTS_PER_TURN, timeout_ms);
    if (l->n_events < 0 && errno != EINTR)
        return err_sys(ERR_BUG, errno, "waiting for events");
    l->next_event = 0;
    look_at_the_clock(l);
    while (l->next_event < l->n_events) {
        const struct epoll_event *event = &l->events[l->next_event++];
        struct loop_io *io = event->data.ptr;
        if (io)
            io->fn(io->arg, event->events);
    }
    run_timers(l);
    return NULL;
}

RESULT loop_turn(struct loop *l)
{
    return turn(l, 0);
}

RESULT loop_run(struct loop *l)
{
    while (!l->stopping) {
        arm(l);
        TRY(turn(l, -1));
    }
    return NULL;
}

static void wake(struct loop *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake.fd, &one, sizeof(one));
    (void)n; /* full means that it is awake already */
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
    wake(l);
}

struct now loop_now(const struct loop *l)
{
    return l->now;
}

void loop_on_signal(struct loop *l, void (*fn)(void *arg, int signo), void *arg)
{
    l->on_signal = fn;
    l->signal_arg = arg;
}

void loop_on_jump(struct loop *l, void (*fn)(void *arg, struct dur by), void *arg)
{
    l->on_jump = fn;
    l->jump_arg = arg;
}

RESULT loop_timer_set(struct loop *l, struct loop_timer *t, struct mono at)
{
    loop_timer_clear(l, t);
    if (at.ns == MONO_NEVER.ns)
        return NULL;
    t->at = at;
    return loop_heap_add(&l->heap, t);
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
    if (t->slot)
        loop_heap_remove(&l->heap, t);
}

RESULT loop_io_add(struct loop *l, struct loop_io *io, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = io};
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, io->fd, &ev) != 0)
        return err_sys(ERR_UNAVAILABLE, errno, "watching descriptor %d", io->fd);
    return NULL;
}

RESULT loop_io_change(struct loop *l, struct loop_io *io, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = io};
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, io->fd, &ev) != 0)
        return err_sys(ERR_UNAVAILABLE, errno, "watching descriptor %d", io->fd);
    return NULL;
}

void loop_io_remove(struct loop *l, struct loop_io *io)
{
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    for (int i = l->next_event; i < l->n_events; i++) {
        if (l->events[i].data.ptr == io)
            l->events[i].data.ptr = NULL;
    }
}

void loop_post(struct loop *l, struct loop_task *task)
{
    pthread_mutex_lock(&l->lock);
    task->next = NULL;
    *l->last = task;
    l->last = &task->next;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}
