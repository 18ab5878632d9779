/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_POOL_H
#define TBOT_BASE_POOL_H

/*
 * Threads for what blocks: dialling, RPCs, disk, making keys.
 *
 * A job runs on a worker, then its `done` runs on the loop's thread. Jobs start in the order in which
 * they were submitted; a pool of one thread is a lane. Workers are threads as in base/thread.h.
 *
 * Bounding a job's time is the job's matter (struct ctx). A worker that does not come back all the
 * same, from a hung filesystem or a resolver, can be given up: pool_abandon() puts a new one in its
 * place. No thread is ever killed: it may hold a lock.
 *
 * Threads: pool_submit() and pool_is_idle() from any thread, the rest from the loop's.
 */

#include "base/ctx.h"
#include "base/loop.h"

struct pool;

RESULT pool_new(struct loop *loop, unsigned threads, struct pool **ret);

/*
 * Stops: drops the jobs that wait, fires `cancel` (NULL: none), then waits for those that run, in real
 * time and at most `bound`. Returns how many workers had not come back; they are given up. Call it
 * once; nothing can be submitted afterwards.
 */
unsigned pool_stop(struct pool *p, struct cancel *cancel, struct dur bound);

/*
 * Stops without a bound where pool_stop() was not called, and frees. A worker that was given up
 * touches the pool no more, but for a last remainder that it frees itself. Accepts NULL.
 */
void pool_free(struct pool *p);
DEFINE_FREEP(pool)

/* The caller's, in place until `done` or `dropped` began. Zero-initialise, then fill in. */
struct pool_job {
    void (*run)(void *arg);
    void (*done)(void *arg);    /* NULL: nothing to tell */
    void (*dropped)(void *arg); /* instead of `done`, on any thread; NULL: nothing to free */
    void *arg;
    struct pool_job *next; /* private */
    struct loop_task task; /* private */
};

/* After pool_stop() the job is dropped at once. */
void pool_submit(struct pool *p, struct pool_job *job);

/* No job waits and none runs: a good moment for work ahead of need. Given up ones do not count. */
bool pool_is_idle(struct pool *p);

/* So many workers may be given up and not come back: what hangs may hang for all. */
#define POOL_ABANDONED_MAX 8

/*
 * Gives up the worker that runs `job` and starts another. `done` will not run; should the job ever end,
 * its `dropped` runs on that worker. Until then whatever it uses must stay in place.
 *
 * ERR_NOT_FOUND: the job is not running, or has just ended. ERR_BUSY: too many are given up already.
 * ERR_UNAVAILABLE: it is given up, but no other could be started.
 */
RESULT pool_abandon(struct pool *p, const struct pool_job *job);

#endif
