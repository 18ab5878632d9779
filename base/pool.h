/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_POOL_H
#define TBOT_BASE_POOL_H

/*
 * Threads for what blocks: dialling, RPCs, disk, making keys.
 *
 * A job runs on a worker, then its `done` runs on the loop's thread. Jobs start in the order in which
 * they were submitted; a pool of one thread is a lane. Workers have small stacks (256 KiB) and every
 * signal blocked. Bounding a job's time is the job's matter (struct ctx).
 */

#include "base/loop.h"

struct pool;

RESULT pool_new(struct loop *loop, unsigned threads, struct pool **ret);

/*
 * Lets running jobs end, drops those that wait (their `done` does not run), joins the workers.
 * Accepts NULL. Cancel what runs first.
 */
void pool_free(struct pool *p);
DEFINE_FREEP(pool)

/* The caller's, in place until `done` began. Zero-initialise, then fill in the first three. */
struct pool_job {
    void (*run)(void *arg);
    void (*done)(void *arg); /* NULL: nothing to tell */
    void *arg;
    struct pool_job *next; /* private */
    struct loop_task task; /* private */
};

void pool_submit(struct pool *p, struct pool_job *job);

/* No job waits and none runs: a good moment for work ahead of need. */
bool pool_is_idle(struct pool *p);

#endif
