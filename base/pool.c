/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include "base/thread.h"

#include <time.h>

struct worker {
    struct pool *pool;
    pthread_t thread;
    struct pool_job *job; /* what it runs */
    bool abandoned;
    bool ended;
    struct worker *next;
};

/* Lives until the owner and the last worker are gone: those given up come back at any time. */
struct pool {
    struct loop *loop;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t work;  /* a job came, or the pool stops */
    pthread_cond_t ended; /* a worker ended */
    struct pool_job *first, **last;
    struct worker *workers; /* those not given up */
    unsigned n_abandoned;   /* and not back */
    unsigned running;
    unsigned users; /* the owner and the threads */
    bool stopping;
};

/* Called with the lock held, which it releases. */
static void drop_user(struct pool *p)
{
    bool is_last = --p->users == 0;

    pthread_mutex_unlock(&p->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Waits for the next job; NULL when the pool stops. The lock is held. */
static struct pool_job *next_job(struct pool *p)
{
    while (!p->first && !p->stopping)
        pthread_cond_wait(&p->work, &p->lock);
    struct pool_job *job = p->first; /* none when stopping */
    if (job) {
        p->first = job->next;
        if (!p->first)
            p->last = &p->first;
        p->running++;
    }
    return job;
}

/* A job ended in time. The lock is held: whether it was given up is decided before or after. */
static void finish(struct pool *p, struct worker *w)
{
    struct pool_job *job = w->job;

    w->job = NULL;
    p->running--;
    if (job->done)
        loop_post(p->loop, &job->task);
}

/* The worker was given up; its job ended after all, or it had none. The lock is held. */
static void come_back(struct worker *w)
{
    struct pool *p = w->pool;
    const struct pool_job *job = w->job;

    if (job && job->dropped) {
        pthread_mutex_unlock(&p->lock);
        job->dropped(job->arg);
        pthread_mutex_lock(&p->lock);
    }
    p->n_abandoned--;
    free(w);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;

    pthread_mutex_lock(&p->lock);
    while (!w->abandoned && (w->job = next_job(p)) != NULL) {
        pthread_mutex_unlock(&p->lock);
        w->job->run(w->job->arg);
        pthread_mutex_lock(&p->lock);
        if (!w->abandoned)
            finish(p, w);
    }
    w->ended = true;
    pthread_cond_signal(&p->ended);
    if (w->abandoned)
        come_back(w);
    drop_user(p);
    return NULL;
}

static RESULT add_worker(struct pool *p)
{
    CLEANUP(freep) struct worker *w = calloc(1, sizeof(*w));

    if (!w)
        return err_nomem();
    w->pool = p;
    pthread_mutex_lock(&p->lock); /* the worker waits until it is in the list */
    struct err *e = thread_start(work, w, &w->thread);
    if (!e) {
        w->next = p->workers;
        p->workers = TAKE(w);
        p->users++;
    }
    pthread_mutex_unlock(&p->lock);
    return e ? err_wrap(e, "make a worker") : NULL;
}

static void init_sync(struct pool *p)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

RESULT pool_new(struct loop *loop, unsigned threads, struct pool **ret)
{
    CLEANUP(pool_freep) struct pool *p = calloc(1, sizeof(*p));

    if (!p)
        return err_nomem();
    p->loop = loop;
    p->last = &p->first;
    p->users = 1;
    init_sync(p);
    for (unsigned i = 0; i < threads; i++)
        TRY(add_worker(p));
    *ret = TAKE(p);
    return NULL;
}

static void drop_jobs(struct pool_job *job)
{
    while (job) {
        struct pool_job *next = job->next; /* dropping may free it */
        if (job->dropped)
            job->dropped(job->arg);
        job = next;
    }
}

static struct worker **find_running(struct pool *p)
{
    struct worker **at = &p->workers;

    while (*at && (*at)->ended)
        at = &(*at)->next;
    return at;
}

static void wait_ended(struct pool *p, struct dur bound)
{
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ns = end.tv_nsec + bound.ns % 1000000000;
    end.tv_sec += bound.ns / 1000000000 + ns / 1000000000;
    end.tv_nsec = ns % 1000000000;
    while (*find_running(p)) {
        if (pthread_cond_timedwait(&p->ended, &p->lock, &end) != 0)
            return;
    }
}

/* From here on the worker frees itself. The lock is held. */
static void abandon(struct pool *p, struct worker **at)
{
    struct worker *w = *at;

    *at = w->next;
    w->abandoned = true;
    p->n_abandoned++;
    if (w->job)
        p->running--;
    pthread_detach(w->thread);
}

static void join_workers(struct worker *w)
{
    while (w) {
        struct worker *next = w->next;
        pthread_join(w->thread, NULL);
        free(w);
        w = next;
    }
}

/* Ends the queue: workers take no more. Returns what waited. */
static struct pool_job *close_queue(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct pool_job *waiting = p->first;
    p->first = NULL;
    p->last = &p->first;
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    return waiting;
}

unsigned pool_stop(struct pool *p, struct cancel *cancel, struct dur bound)
{
    drop_jobs(close_queue(p));
    if (cancel) /* only now: a job cancelled before would let the next one start */
        cancel_fire(cancel);
    pthread_mutex_lock(&p->lock);
    wait_ended(p, bound);
    for (struct worker **at; *(at = find_running(p));)
        abandon(p, at);
    struct worker *ended = p->workers;
    p->workers = NULL;
    unsigned missing = p->n_abandoned;
    pthread_mutex_unlock(&p->lock);
    join_workers(ended);
    return missing;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    if (!p->stopping)
        pool_stop(p, NULL, dur_s(INT32_MAX));
    pthread_mutex_lock(&p->lock);
    drop_user(p);
}

void pool_submit(struct pool *p, struct pool_job *job)
{
    job->task = (struct loop_task){.fn = job->done, .arg = job->arg};
    job->next = NULL;
    pthread_mutex_lock(&p->lock);
    bool stopping = p->stopping;
    if (!stopping) {
        *p->last = job;
        p->last = &job->next;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    if (stopping)
        drop_jobs(job);
}

bool pool_is_idle(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    bool idle = !p->first && p->running == 0;
    pthread_mutex_unlock(&p->lock);
    return idle;
}

/* NULL, or where the worker that runs `job` hangs in the list. The lock is held. */
static struct worker **find_job(struct pool *p, const struct pool_job *job)
{
    for (struct worker **at = &p->workers; *at; at = &(*at)->next) {
        if ((*at)->job == job)
            return at;
    }
    return NULL;
}

RESULT pool_abandon(struct pool *p, const struct pool_job *job)
{
    struct err *e = NULL;

    pthread_mutex_lock(&p->lock);
    struct worker **at = find_job(p, job);
    if (!at)
        e = err_new(ERR_NOT_FOUND, "give up a job: it is not running");
    else if (p->n_abandoned >= POOL_ABANDONED_MAX)
        e = err_new(ERR_BUSY, "give up a job: %u are given up already", p->n_abandoned);
    else
        abandon(p, at);
    pthread_mutex_unlock(&p->lock);
    return e ? e : add_worker(p);
}
