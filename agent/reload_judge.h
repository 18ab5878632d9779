/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_RELOAD_JUDGE_H
#define TBOT_AGENT_RELOAD_JUDGE_H

/*
 * Reads the configuration again and judges it whole, before anything of it is used: what a file may be
 * wrong in, what only a start can change, and whether the services that are new or changed could write where
 * they are to. Nothing is changed, made or locked.
 *
 *     CLEANUP(reload_verdict_release) struct reload_verdict v = {0};
 *     reload_judge(&question, &v);
 *     if (!v.outcome.has_failed) ...       v.next and v.diff are what to change to
 *
 * What a kept service writes to is not looked at: a disk that is away must not keep others from changing.
 *
 * Threads: one at a time; blocks on the disk, so on a worker.
 */

#include "agent/reload_outcome.h"
#include "agent/sandbox.h"

struct reload_source {
    void *arg;
    /* Reads, merges and validates, as a start does; from a worker. NULL: it cannot be read again. */
    RESULT (*read)(void *arg, struct config **ret);
};

/* Borrowed, and unchanged meanwhile. */
struct reload_question {
    struct reload_source source;
    const struct config *running;
    const struct config *started;  /* what ran first */
    const struct sandbox *sandbox; /* that we are in; NULL: none */
    const struct clock *clock;
    struct cancel *stop; /* ends what asks an API server; NULL: nothing does */
};

struct reload_verdict {
    struct config *next; /* NULL when it could not be read */
    struct config_diff diff;
    struct reload_outcome outcome;
};

void reload_judge(const struct reload_question *q, struct reload_verdict *ret);
void reload_verdict_release(struct reload_verdict *v);

/*
 * Every reason why `v->next` needs a restart, one error each, told to `v->outcome`. This is the one place
 * for them.
 */
void reload_barriers(const struct reload_question *q, struct reload_verdict *v);

#endif
