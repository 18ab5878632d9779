/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_LOOP_H
#define TBOT_BASE_LOOP_H

/*
 * The main thread's event loop: timers, signals, descriptors, and work handed over from other
 * threads. It never blocks but in epoll_wait(2), and neither may the functions it calls.
 *
 *     loop_block_signals();                 first thing in main, before any thread exists
 *     TRY(loop_new(clock, &loop));
 *     loop_on_signal(loop, on_signal, agent);
 *     loop_timer_set(loop, &agent->timer, at);
 *     TRY(loop_run(loop));                  until loop_stop()
 *
 * Both clocks are read once a turn; loop_now() is that reading, and everything in a turn sees the
 * same. When the calendar moved against the boot clock by more than two seconds since the turn
 * before, the jump function is told.
 *
 * Threads: everything but loop_post() and loop_stop() belongs to the thread that runs the loop.
 */

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdint.h>

struct loop;

RESULT loop_new(const struct clock *clock, struct loop **ret);
void loop_free(struct loop *l); /* accepts NULL; timers and descriptors stay their owners' */
DEFINE_FREEP(loop)

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 for this thread and those it starts; ignores SIGPIPE. */
void loop_block_signals(void);

/* Runs turns until loop_stop(). */
RESULT loop_run(struct loop *l);

/* One turn, without waiting: for tests, which move the clock themselves. */
RESULT loop_turn(struct loop *l);

/* From any thread. The turn that is under way ends first. */
void loop_stop(struct loop *l);

struct now loop_now(const struct loop *l);

/* Called for each of the blocked signals. */
void loop_on_signal(struct loop *l, void (*fn)(void *arg, int signo), void *arg);

/* Called when the calendar jumped; `by` is positive when it went forward. */
void loop_on_jump(struct loop *l, void (*fn)(void *arg, struct dur by), void *arg);

/* Set to run once; `fn` may set it again. Zero-initialise, then fill in `fn` and `arg`. */
struct loop_timer {
    void (*fn)(void *arg);
    void *arg;
    struct mono at; /* private */
    size_t slot;    /* private: 1 + place in the heap; 0: not set */
};

/* Sets or moves it; with MONO_NEVER clears it. ERR_NOMEM. */
RESULT loop_timer_set(struct loop *l, struct loop_timer *t, struct mono at);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/* A descriptor to watch. Zero-initialise, then fill in. */
struct loop_io {
    int fd;
    void (*fn)(void *arg, uint32_t events); /* EPOLLIN, … */
    void *arg;
};

RESULT loop_io_add(struct loop *l, struct loop_io *io, uint32_t events);
RESULT loop_io_change(struct loop *l, struct loop_io *io, uint32_t events);

/* Before the descriptor is closed. `fn` is not called any more, also not for what this turn found. */
void loop_io_remove(struct loop *l, struct loop_io *io);

/* Something to run on the loop's thread. The caller's, in place until it ran. */
struct loop_task {
    void (*fn)(void *arg);
    void *arg;
    struct loop_task *next; /* private */
};

/* From any thread; tasks run in the order in which they were posted. */
void loop_post(struct loop *l, struct loop_task *task);

#endif
