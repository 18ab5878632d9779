/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CONNS_H
#define TBOT_AUTHORITY_CONNS_H

/*
 * The live connections: bounded, a thread each, and all to be ended at once.
 *
 * A connection ends when its socket is shut down under it, which whoever works on it notices; so
 * cutting one and stopping all are the same, and need nobody's cooperation.
 *
 * Threads: any.
 */

#include "base/ctx.h"

#define CONNS_MAX 256

struct conns;
struct conn;

RESULT conns_new(struct conns **ret);
void conns_free(struct conns *c); /* all have ended. Accepts NULL */
DEFINE_FREEP(conns)

/*
 * Runs `serve` in a thread of its own with the connected socket `fd`, which it takes over (and this
 * function takes over, also on failure). ERR_BUSY when there are too many.
 */
RESULT conns_start(struct conns *c, int fd, void (*serve)(struct conn *conn, int fd, void *arg),
                   void *arg);

/* Breaks one connection; its thread finds out by itself. */
void conn_cut(struct conn *conn);

/* Breaks all. */
void conns_cut_all(struct conns *c);

/* Breaks all, and waits until their threads have left. */
void conns_stop(struct conns *c);

size_t conns_count(struct conns *c);

#endif
