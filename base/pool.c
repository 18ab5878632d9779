/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>

#define STACK_SIZE (256 * 1024)

struct pool {
    struct loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct pool_job *first, **last;
    unsigned running;
    bool stopping;
    unsigned n_threads;
    pthread_t threads[];
};

/* Waits for the next job; NULL when the pool stops. */
static struct pool_job *next_job(struct pool *p, bool was_running)
{
    pthread_mutex_lock(&p->lock);
    p->running -= was_running;
    while (!p->first && !p->stopping)
        pthread_cond_wait(&p->work, &p->lock);
    struct pool_job *job = p->stopping ? NULL : p->first;
    if (job) {
        p->first = job->next;
        if (!p->first)
            p->last = &p->first;
        p->running++;
    }
    pthread_mutex_unlock(&p->lock);
    return job;
}

static void *work(void *arg)
{
    struct pool *p = arg;
    struct pool_job *job = NULL;
    while ((job = next_job(p, job != NULL)) != NULL) {
        void (*done)(void *) = job->done;
        job->run(job->arg);
        if (done)
            loop_post(p->loop, &job->task);
    }
    return NULL;
}

static struct err *start_thread(struct pool *p)
{
    sigset_t all, before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&p->threads[p->n_threads], &attr, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return err_sys(ERR_UNAVAILABLE, rc, "starting a worker thread");
    p->n_threads++;
    return NULL;
}

RESULT pool_new(struct loop *loop, unsigned threads, struct pool **ret)
{
    CLEANUP(pool_freep) struct pool *p = calloc(1, sizeof(*p) + threads * sizeof(pthread_t));
    if (!p)
        return err_nomem();
    p->loop = loop;
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    for (unsigned i = 0; i < threads; i++)
        TRY(start_thread(p));
    *ret = TAKE(p);
    return NULL;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void pool_submit(struct pool *p, struct pool_job *job)
{
    job->task = (struct loop_task) {.fn = job->done, .arg = job->arg};
    job->next = NULL;
    pthread_mutex_lock(&p->lock);
    *p->last = job;
    p->last = &job->next;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

bool pool_is_idle(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    bool idle = !p->first && p->running == 0;
    pthread_mutex_unlock(&p->lock);
    return idle;
}
