/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_PROFILER_H
#define TBOT_DIAG_PROFILE_PROFILER_H

/*
 * Profiles, and other answers that take a while, for a program that runs a loop: each made on a thread
 * of its own, handed over on the loop's.
 *
 *     TRY(profiler_new(loop, clock, &p));
 *     TRY(profiler_start(p, &order, &job));      order.done is called later, once
 *     profiler_forget(job);                      or never: who asked went away
 *     profiler_free(p);                          before loop_free()
 *
 * Costs nothing while there is no order.
 *
 * Threads: the loop's.
 */

#include "base/buf.h"
#include "base/loop.h"

/* How long a CPU profile may take, in seconds, and takes unless said. */
#define PROFILER_SECONDS_MIN 1
#define PROFILER_SECONDS_MAX 300
#define PROFILER_SECONDS 30

enum profiler_kind {
    PROFILER_CPU,     /* gzip'd profile.proto */
    PROFILER_HEAP,    /* likewise; wants heap_profile_start() at the program's start */
    PROFILER_THREADS, /* text: thread_stacks.h */
    PROFILER_CMDLINE, /* text: cmdline.h */
    PROFILER_SYMBOLS, /* text: the functions of the addresses in `input`, see symbol_text.h */
};

struct profiler_order {
    enum profiler_kind kind;
    struct dur span;    /* CPU: how long */
    struct bytes input; /* SYMBOLS; copied */
    /* `e` is the callee's to free; without one `bytes` are the profile, lent for the call. */
    void (*done)(void *arg, struct err *e, struct bytes bytes);
    void *arg;
};

struct profiler;
struct profiler_job;

RESULT profiler_new(struct loop *loop, const struct clock *clock, struct profiler **ret);

/* Orders under way are forgotten and ended, which takes two seconds at most. Accepts NULL. */
void profiler_free(struct profiler *p);
DEFINE_FREEP(profiler)

/*
 * `ret` is valid until `done` began. ERR_BUSY: one CPU profile at a time; of the others a few may
 * wait. ERR_REJECTED: not such a span. ERR_UNAVAILABLE: no threads.
 */
RESULT profiler_start(struct profiler *p, const struct profiler_order *order,
                      struct profiler_job **ret);

/* `done` will not be called, and a CPU profile ends. */
void profiler_forget(struct profiler_job *job);

#endif
