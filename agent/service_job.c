/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/service_job.h"

#include "base/thread.h"

#include <stdatomic.h>

/* A machine under load ends a job somewhat after its deadline. */
#define GRACE_S 10

static void watch(struct service_job *j, struct dur wait)
{
    struct err *e = loop_timer_set(j->loop, &j->timer, mono_add(loop_now(j->loop).mono, wait));
    err_ignore(e, "a job that hangs then keeps its worker");
}

static void run(void *arg)
{
    struct service_job *j = arg;
    atomic_store(&j->taken_ns, clock_mono(j->clock).ns);
    thread_name(j->name); /* a worker is called by what it did last */
    j->run(j->arg);
}

static struct dur has_run(const struct service_job *j)
{
    return mono_diff(loop_now(j->loop).mono, (struct mono){atomic_load(&j->taken_ns)});
}

/* Time it still has; GRACE_S while it waits for a worker. */
static struct dur left(const struct service_job *j)
{
    if (atomic_load(&j->taken_ns) == 0)
        return dur_s(GRACE_S);
    return (struct dur){j->limit.ns + dur_s(GRACE_S).ns - has_run(j).ns};
}

static void on_done(void *arg)
{
    struct service_job *j = arg;
    loop_timer_clear(j->loop, &j->timer);
    if (j->is_overdue)
        log_warn(j->log, j->name, "the work that hung in the system has ended",
                 LOG_DUR("after", has_run(j)));
    j->is_busy = false;
    j->is_overdue = false;
    j->done(j->arg);
}

/* A given up job came back. On its worker, or on the thread that stops the pool. */
static void on_dropped(void *arg)
{
    struct service_job *j = arg;
    loop_post(j->loop, &j->back);
}

static void on_timer(void *arg)
{
    struct service_job *j = arg;
    if (left(j).ns > 0) {
        watch(j, left(j));
        return;
    }
    CLEANUP(err_freep) struct err *e = pool_abandon(j->pool, &j->work);
    if (err_code(e) == ERR_NOT_FOUND) { /* it has just ended */
        watch(j, dur_s(GRACE_S));
        return;
    }
    j->is_overdue = true;
    log_err(j->log, LOG_ERROR, j->name,
            "work hangs in the system beyond its time limit: is a disk or a name server gone?", e,
            LOG_DUR("since", has_run(j)));
    if (j->overdue)
        j->overdue(j->arg);
}

void service_job_start(struct service_job *j, struct dur limit)
{
    j->is_busy = true;
    j->began = loop_now(j->loop).mono;
    j->limit = limit;
    atomic_store(&j->taken_ns, 0);
    j->timer.fn = on_timer;
    j->timer.arg = j;
    j->back = (struct loop_task){.fn = on_done, .arg = j};
    j->work = (struct pool_job){.run = run, .done = on_done, .dropped = on_dropped, .arg = j};
    watch(j, (struct dur){limit.ns + dur_s(GRACE_S).ns});
    pool_submit(j->pool, &j->work);
}

void service_job_release(struct service_job *j)
{
    if (j->loop)
        loop_timer_clear(j->loop, &j->timer);
}
