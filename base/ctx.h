/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_CTX_H
#define TBOT_BASE_CTX_H

/*
 * What every blocking operation is handed: the clock, a deadline and a way to be cancelled.
 *
 * A `struct cancel` may be fired from any thread, once, and stays fired. Whoever sleeps in poll(2)
 * adds cancel_fd(); whoever blocks in a library registers a hook that interrupts it. A `struct ctx`
 * is a small value, passed by pointer, valid for the call; ctx_until() makes a tighter one.
 */

#include "base/cleanup.h"
#include "base/clock.h"

struct cancel;

RESULT cancel_new(struct cancel **ret);
void cancel_free(struct cancel *c); /* no hook may be left. Accepts NULL. */
DEFINE_FREEP(cancel)

void cancel_fire(struct cancel *c);
bool cancel_fired(const struct cancel *c);

/* Becomes readable when fired, and stays so. Borrowed. */
int cancel_fd(const struct cancel *c);

/*
 * A function to run once when the token fires, in the firing thread, and at once, in this thread,
 * when it has fired already. The node is the caller's and stays in place until removed; after
 * cancel_hook_remove() returns, the function neither runs nor will run.
 */
struct cancel_hook {
    void (*fn)(void *arg);
    void *arg;
    struct cancel_hook *next, *prev; /* private */
};
void cancel_hook_add(struct cancel *c, struct cancel_hook *h);
void cancel_hook_remove(struct cancel *c, struct cancel_hook *h);

struct ctx {
    const struct clock *clock;
    struct cancel *cancel; /* may be NULL: cannot be cancelled */
    struct mono deadline;  /* MONO_NEVER: none */
};

/* The same with the deadline at most `d` from now. */
struct ctx ctx_until(const struct ctx *c, struct dur d);

/* NULL while the operation may go on; else ERR_CANCELLED or ERR_TIMEOUT. */
RESULT ctx_check(const struct ctx *c);

/* Milliseconds until the deadline for poll(2): -1 for never, 0 when it has passed; rounds up. */
int ctx_poll_ms(const struct ctx *c);

/*
 * Waits until `fd` is ready for `events` (POLLIN, POLLOUT). Returns NULL when it is (or has an
 * error that the next call on it will show), else ERR_CANCELLED or ERR_TIMEOUT.
 */
RESULT ctx_wait_fd(const struct ctx *c, int fd, short events);

/* Sleeps; ERR_CANCELLED or ERR_TIMEOUT if that came first. */
RESULT ctx_sleep(const struct ctx *c, struct dur d);

#endif
