/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_THREAD_H
#define TBOT_BASE_THREAD_H

/*
 * Threads of our own: with a small stack (256 KiB), as there may be many, and every signal blocked, as
 * signals belong to the loop.
 */

#include "base/err.h"

#include <pthread.h>

/* The caller joins or detaches *ret. ERR_UNAVAILABLE: the system has no room for another. */
RESULT thread_start(void *(*run)(void *arg), void *arg, pthread_t *ret);

#endif
