/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SERVICE_JOB_H
#define TBOT_AGENT_SERVICE_JOB_H

/*
 * The one job of a service: it runs on a worker and ends on the loop's thread.
 *
 *     s->job = (struct service_job){.loop = …, .clock = …, .pool = …, .log = …, .name = "identity",
 *                                   .run = run, .done = done, .arg = s};
 *     service_job_start(&s->job, dur_s(60));
 *
 * A job keeps its deadline by itself (struct ctx), but what hangs in the system looks at no deadline: a
 * disk or a name server that is not there. Such a job is told of some time after its limit, and its
 * worker is given up (see base/pool.h), so that the other services go on. Whatever the job uses is
 * still in use: its service stays busy, and starts no other, until the job comes back after all; then
 * `done` runs as ever.
 *
 * The limit counts from when a worker takes the job: one that waits for a worker does not hang.
 *
 * Threads: everything on the loop's.
 */

#include "base/pool.h"
#include "diag/core/log.h"

/* Zero-initialise, then fill in the upper half. */
struct service_job {
    struct loop *loop;
    const struct clock *clock;
    struct pool *pool;
    struct log *log;
    const char *name; /* of the service, for the log; borrowed */
    void (*run)(void *arg);
    void (*done)(void *arg);
    void (*overdue)(void *arg); /* NULL: the log is enough */
    void *arg;

    bool is_busy;      /* to be read */
    bool is_overdue;   /* to be read */
    struct mono began; /* to be read: when it was handed in */
    struct dur limit;
    _Atomic int64_t taken_ns; /* boot clock, when a worker took it; 0: it waits for one */
    struct pool_job work;
    struct loop_timer timer;
    struct loop_task back;
};

/* Not while it is busy. `limit` is when the job's own deadline ends it, unless it hangs. */
void service_job_start(struct service_job *j, struct dur limit);

/* Before it is freed, when no worker has it any more. */
void service_job_release(struct service_job *j);

#endif
