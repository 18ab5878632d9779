/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_REPLY_TEXT_H
#define TBOT_CMD_REPLY_TEXT_H

#include "base/buf.h"

/*
 * One text of the agent's JSON reply, made fit for a terminal (cmd/plain_text.h). NULL when the reply
 * is no JSON object or has no such text, and when memory is gone: what is shown is then less. The
 * caller frees it.
 */
char *reply_text(struct bytes body, const char *key);

#endif
