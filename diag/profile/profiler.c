/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/profiler.h"

#include "base/pool.h"
#include "diag/profile/cpu_profile.h"
#include "diag/profile/heap_profile.h"
#include "diag/profile/profile.h"
#include "diag/profile/thread_stacks.h"

#include <inttypes.h>

/* One for the CPU profile, which takes long, one for the others. */
#define THREADS 2
#define WAITING_MAX 4
#define STOP_LIMIT dur_s(2)

struct profiler {
    struct loop *loop;
    const struct clock *clock;
    struct pool *pool; /* NULL until the first order */
    struct profiler_job *jobs;
};

/* Belongs to the profiler; its worker writes `result` and `e` until it is handed back. */
struct profiler_job {
    struct profiler *profiler;
    struct profiler_order order; /* .done NULL: forgotten */
    struct cancel *cancel;
    struct pool_job work;
    struct buf result;
    struct err *e;
    struct profiler_job *next;
};

static void profiler_job_free(struct profiler_job *j)
{
    if (!j)
        return;
    cancel_free(j->cancel);
    buf_release(&j->result);
    err_free(j->e);
    free(j);
}
DEFINE_FREEP(profiler_job)

static void run(void *arg)
{
    struct profiler_job *j = arg;
    const struct ctx ctx = {j->profiler->clock, j->cancel, MONO_NEVER};

    switch (j->order.kind) {
    case PROFILER_CPU:
        j->e = cpu_profile_take(&ctx, j->order.span, &j->result);
        return;
    case PROFILER_HEAP:
        j->e = heap_profile_take(ctx.clock, &j->result);
        return;
    case PROFILER_THREADS:
        j->e = thread_stacks_print(&ctx, &j->result);
        return;
    }
}

/* Takes it off the list. */
static void leave(struct profiler_job *j)
{
    struct profiler_job **at = &j->profiler->jobs;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

static void done(void *arg)
{
    CLEANUP(profiler_job_freep) struct profiler_job *j = arg;

    leave(j);
    if (j->order.done)
        j->order.done(j->order.arg, TAKE(j->e), buf_bytes(&j->result));
}

RESULT profiler_new(struct loop *loop, const struct clock *clock, struct profiler **ret)
{
    struct profiler *p = calloc(1, sizeof(*p));

    if (!p)
        return err_nomem();
    p->loop = loop;
    p->clock = clock;
    *ret = p;
    return NULL;
}

/* What a worker that did not come back holds stays where it is. */
void profiler_free(struct profiler *p)
{
    if (!p)
        return;
    for (struct profiler_job *j = p->jobs; j; j = j->next)
        cancel_fire(j->cancel);
    unsigned missing = p->pool ? pool_stop(p->pool, NULL, STOP_LIMIT) : 0;
    pool_free(p->pool);
    if (missing)
        return;
    for (struct profiler_job *j = p->jobs, *next; j; j = next) {
        next = j->next;
        profiler_job_free(j);
    }
    free(p);
}

static struct err *check(const struct profiler *p, const struct profiler_order *order)
{
    size_t n = 0;
    bool is_cpu = order->kind == PROFILER_CPU, is_taken = false;

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
    if (!is_cpu && n >= WAITING_MAX)
        return err_new(ERR_BUSY, "profile: %zu are being made", n);
    return NULL;
}

RESULT profiler_start(struct profiler *p, const struct profiler_order *order,
                      struct profiler_job **ret)
{
    TRY(check(p, order));
    CLEANUP(profiler_job_freep) struct profiler_job *j = calloc(1, sizeof(*j));
    if (!j)
        return err_nomem();
    j->result = BUF_INIT(PROFILE_MAX);
    TRY(cancel_new(&j->cancel));
    if (!p->pool)
        TRY(pool_new(p->loop, THREADS, &p->pool));
    j->profiler = p;
    j->order = *order;
    j->work = (struct pool_job){.run = run, .done = done, .arg = j};
    j->next = p->jobs;
    p->jobs = j;
    pool_submit(p->pool, &j->work);
    *ret = TAKE(j);
    return NULL;
}

void profiler_forget(struct profiler_job *job)
{
    job->order.done = NULL;
    cancel_fire(job->cancel);
}
