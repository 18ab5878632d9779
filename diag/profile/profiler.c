/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/profiler.h"

#include "base/ctx.h"
#include "base/thread.h"
#include "diag/profile/cmdline.h"
#include "diag/profile/cpu_profile.h"
#include "diag/profile/heap_profile.h"
#include "diag/profile/profile.h"
#include "diag/profile/symbol_text.h"
#include "diag/profile/thread_stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#define JOBS_MAX 4 /* at a time */
#define STOP_LIMIT_S 2

struct profiler {
    struct loop *loop;
    const struct clock *clock;
    struct loop_io ready; /* .fd -1 until the first order; readable when a thread is through */
    struct profiler_job *jobs;
};

/* Its thread alone touches `result` and `e` until `is_through`. */
struct profiler_job {
    struct profiler *profiler;
    struct profiler_order order; /* .done NULL: forgotten */
    struct buf input;
    struct cancel *cancel;
    pthread_t thread;
    struct buf result;
    struct err *e;
    atomic_bool is_through;
    struct profiler_job *next;
};

static void profiler_job_free(struct profiler_job *j)
{
    if (!j)
        return;
    cancel_free(j->cancel);
    buf_release(&j->input);
    buf_release(&j->result);
    err_free(j->e);
    free(j);
}
DEFINE_FREEP(profiler_job)

static struct err *make(struct profiler_job *j)
{
    const struct ctx ctx = {j->profiler->clock, j->cancel, MONO_NEVER};

    switch (j->order.kind) {
    case PROFILER_CPU:
        return cpu_profile_take(&ctx, j->order.span, &j->result);
    case PROFILER_HEAP:
        return heap_profile_take(ctx.clock, &j->result);
    case PROFILER_THREADS:
        return thread_stacks_print(&ctx, &j->result);
    case PROFILER_CMDLINE:
        return cmdline_read(&j->result);
    case PROFILER_SYMBOLS:
        return symbol_text_print(buf_bytes(&j->input), &j->result);
    }
    return err_new(ERR_BUG, "profile: no such kind");
}

static void *run(void *arg)
{
    struct profiler_job *j = arg;
    int fd = j->profiler->ready.fd;

    thread_name("profiler");
    j->e = make(j);
    malloc_trim(0); /* symbols and samples were megabytes: the agent itself is smaller */
    /* Who sees this joins the thread before he frees the job. */
    atomic_store(&j->is_through, true);
    eventfd_write(fd, 1);
    return NULL;
}

static void hand_over(struct profiler_job *done)
{
    CLEANUP(profiler_job_freep) struct profiler_job *j = done;

    pthread_join(j->thread, NULL); /* which has nothing left to do */
    if (j->order.done)
        j->order.done(j->order.arg, TAKE(j->e), buf_bytes(&j->result));
}

/* Takes one that is through off the list; NULL: there is none. */
static struct profiler_job *take_through(struct profiler *p)
{
    for (struct profiler_job **at = &p->jobs; *at; at = &(*at)->next) {
        struct profiler_job *j = *at;
        if (!atomic_load(&j->is_through))
            continue;
        *at = j->next;
        return j;
    }
    return NULL;
}

static void on_ready(void *arg, uint32_t events)
{
    struct profiler *p = arg;
    eventfd_t n = 0;

    (void)events;
    eventfd_read(p->ready.fd, &n);
    for (struct profiler_job *j; (j = take_through(p)) != NULL;)
        hand_over(j);
}

RESULT profiler_new(struct loop *loop, const struct clock *clock, struct profiler **ret)
{
    struct profiler *p = calloc(1, sizeof(*p));

    if (!p)
        return err_nomem();
    p->loop = loop;
    p->clock = clock;
    p->ready = (struct loop_io){.fd = -1, .fn = on_ready, .arg = p};
    *ret = p;
    return NULL;
}

static struct err *watch(struct profiler *p)
{
    if (p->ready.fd >= 0)
        return NULL;
    CLEANUP(closep) int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "profile");
    p->ready.fd = fd;
    struct err *e = loop_io_add(p->loop, &p->ready, EPOLLIN);
    if (e) {
        p->ready.fd = -1;
        return e;
    }
    fd = -1; /* it is the profiler's */
    return NULL;
}

static bool join_until(const struct profiler_job *j, const struct timespec *end)
{
    return pthread_clockjoin_np(j->thread, NULL, CLOCK_MONOTONIC, end) == 0;
}

/* What a thread that does not come back holds stays where it is, for it to come back to. */
void profiler_free(struct profiler *p)
{
    struct timespec end;
    bool is_missing = false;

    if (!p)
        return;
    if (p->ready.fd >= 0)
        loop_io_remove(p->loop, &p->ready);
    for (struct profiler_job *j = p->jobs; j; j = j->next)
        cancel_fire(j->cancel);
    clock_gettime(CLOCK_MONOTONIC, &end); /* rule: pthread_clockjoin_np() knows no other clock */
    end.tv_sec += STOP_LIMIT_S;
    for (struct profiler_job *j = p->jobs, *next; j; j = next) {
        next = j->next;
        if (join_until(j, &end))
            profiler_job_free(j);
        else
            is_missing = true;
    }
    if (is_missing)
        return;
    closep(&p->ready.fd);
    free(p);
}

static struct err *check(const struct profiler *p, const struct profiler_order *order)
{
    bool is_cpu = order->kind == PROFILER_CPU, is_taken = false;
    size_t n = 0;

    if (is_cpu && (order->span.ns < dur_s(PROFILER_SECONDS_MIN).ns ||
                   order->span.ns > dur_s(PROFILER_SECONDS_MAX).ns))
        return err_new(ERR_REJECTED, "profile: seconds is %d to %d, not %" PRId64,
                       PROFILER_SECONDS_MIN, PROFILER_SECONDS_MAX, dur_to_s(order->span));
    for (const struct profiler_job *j = p->jobs; j; j = j->next) {
        n++;
        is_taken |= j->order.kind == PROFILER_CPU;
    }
    if (is_cpu && is_taken)
        return err_new(ERR_BUSY, "profile: another CPU profile is being made");
    if (n >= JOBS_MAX)
        return err_new(ERR_BUSY, "profile: %zu are being made", n);
    return NULL;
}

RESULT profiler_start(struct profiler *p, const struct profiler_order *order,
                      struct profiler_job **ret)
{
    TRY(check(p, order));
    TRY(watch(p));
    CLEANUP(profiler_job_freep) struct profiler_job *j = calloc(1, sizeof(*j));
    if (!j)
        return err_nomem();
    j->profiler = p;
    j->order = *order;
    j->input = BUF_INIT(order->input.len);
    j->result = BUF_INIT(PROFILE_MAX);
    if (order->input.len)
        TRY(buf_add(&j->input, order->input.data, order->input.len));
    TRY(cancel_new(&j->cancel));
    TRY(thread_start(run, j, &j->thread));
    j->next = p->jobs;
    p->jobs = j;
    *ret = TAKE(j);
    return NULL;
}

void profiler_forget(struct profiler_job *job)
{
    job->order.done = NULL;
    cancel_fire(job->cancel);
}
