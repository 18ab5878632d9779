/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_AGENT_PUSH_SINK_H
#define TBOT_TESTS_UNIT_AGENT_PUSH_SINK_H

/*
 * A listener on loopback that takes what is sent to it, one connection after the other, in a thread of its
 * own; it keeps everything of the last.
 *
 *     struct push_sink *sink = push_sink_start();
 *     push_sink_behave(sink, PUSH_SINK_TAKES, NULL);
 */

#include "base/buf.h"

enum push_sink_kind {
    PUSH_SINK_TAKES,   /* reads to the end, then closes: Graphite */
    PUSH_SINK_ANSWERS, /* reads a request with its body, sends `reply`, closes */
    PUSH_SINK_RESETS,  /* breaks the connection off after the first bytes */
    PUSH_SINK_HANGS, /* reads and keeps the connection, without an answer, until the other end goes */
};

struct push_sink;

struct push_sink *push_sink_start(void);
void push_sink_stop(struct push_sink *s);

unsigned push_sink_port(const struct push_sink *s);

/* From the next connection on. `reply` is borrowed. */
void push_sink_behave(struct push_sink *s, enum push_sink_kind kind, const char *reply);

/* How many connections have been served; each counts before it is closed. */
unsigned push_sink_count(struct push_sink *s);

/* What came over the last one that was served, as soon as `count` have. Caller frees. */
char *push_sink_received(struct push_sink *s, unsigned count);

#endif
