/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_JOB_CANCEL_H
#define TBOT_AGENT_JOB_CANCEL_H

/*
 * A cancel token for the one job of a service: fired with its parent, which is the whole agent's, or alone.
 *
 *     TRY(job_cancel_init(&c, parent));
 *     struct ctx now = {clock, job_cancel_begin(&c), MONO_NEVER};     on the worker
 *     ...
 *     job_cancel_end(&c);
 *     job_cancel_fire(&c);              from anywhere: this job ends soon, and so does every later one
 *
 * A token has a descriptor. There are as many services as one likes and few workers, so a token lives only
 * while its job runs.
 *
 * Threads: begin and end on the worker, the rest on the loop's.
 */

#include "base/ctx.h"

#include <pthread.h>

struct job_cancel {
    struct cancel *parent;
    struct cancel_hook hook;
    pthread_mutex_t lock; /* guards what follows */
    struct cancel *token; /* NULL: no job runs */
    bool is_fired;
};

void job_cancel_init(struct job_cancel *c, struct cancel *parent);
void job_cancel_release(struct job_cancel *c); /* no job may be running */

/* Where there is no descriptor to be had it is the parent: only the whole agent cancels the job then. */
struct cancel *job_cancel_begin(struct job_cancel *c);
void job_cancel_end(struct job_cancel *c);

void job_cancel_fire(struct job_cancel *c);

#endif
