/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_THREAD_H
#define TBOT_BASE_THREAD_H

/*
 * Threads of our own: with a small stack (256 KiB), as there may be many, and signals blocked, as they
 * belong to the loop. So it is in threads of libraries too, which inherit it from ours.
 *
 * Open stay the two signals by which profiles ask each thread where it is (diag/profile/). Nobody else
 * sends them: SIGPROF comes from timers alone, SIGURG is ignored by whoever does not expect it.
 */

#include "base/err.h"

#include <pthread.h>
#include <signal.h>

#define THREAD_SIGNAL_SAMPLE SIGPROF
#define THREAD_SIGNAL_STACK SIGURG

/* The caller joins or detaches *ret. ERR_UNAVAILABLE: the system has no room for another. */
RESULT thread_start(void *(*run)(void *arg), void *arg, pthread_t *ret);

/* What ps(1), debuggers and profiles call the calling thread from now on; its first 15 bytes. */
void thread_name(const char *name);

#endif
