/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_IDENTITY_ADVICE_H
#define TBOT_AGENT_IDENTITY_ADVICE_H

/* What a person is told about the bot's own identity: static sentences, one table each. */

#include "identity/renewer.h"

/* "joining failed", …: the head of a log line. */
const char *identity_advice_failed(enum renewer_job job);

/* What it means that the identity entered `state`, and what to do; NULL where all is well. */
const char *identity_advice_state(enum renewer_state state);

/* The same where each renewal is a join, and no new token of use. */
const char *identity_advice_rejoin(enum renewer_state state);

/* The same of RENEWER_FAILED: why it ended, and in which state it was. */
const char *identity_advice_end(enum renewer_failure failure, enum renewer_state failed_in);

/*
 * Whether it is news that the identity entered `state`; then it counts as told. While a cluster is busy
 * each attempt leads from STALE to OPEN and back, seconds apart: both are told once, until the trouble is
 * over or is another. `*told` is 0 at first.
 */
bool identity_advice_is_news(unsigned *told, enum renewer_state state);

/* What it may cost to cut `job` off, and what to do then; NULL: nothing, it is begun again. */
const char *identity_advice_cut_off(enum renewer_job job);

#endif
