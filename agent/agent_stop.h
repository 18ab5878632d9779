/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_AGENT_STOP_H
#define TBOT_AGENT_AGENT_STOP_H

/*
 * How the agent ends: gently, so that no reply is lost which the bot's identity depends on, or at once.
 * Private to agent.c and agent_stop.c.
 */

#include "agent/agent_parts.h"

/* Who asks, in the log. */
#define AGENT_REQUEST "a request"

/* Begins no more work and cancels what can be; `e` is what agent_run() returns, unless there was one. */
void agent_end(struct agent *a, struct err *e);

/* SIGTERM or SIGINT: the first stops gently, a second at once. */
void agent_stop_by_signal(struct agent *a, int signo);

/* A request to the diagnostics server; for struct diag_control. */
void agent_stop_by_request(void *arg);

/* What a gentle stop waited for takes too long; for the timer `stop_limit`. */
void agent_on_stop_limit(void *arg);

/* Nothing runs any more. */
bool agent_is_quiet(const struct agent *a);

#endif
