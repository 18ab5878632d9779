/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_RELOAD_REPLY_H
#define TBOT_CMD_RELOAD_REPLY_H

#include "base/buf.h"

#include <stdio.h>

/* What the agent answers to POST /reload, for a person: what has changed. ERR_PROTOCOL: no such answer. */
RESULT reload_reply_print(struct bytes body, FILE *to);

/* Why nothing has: every error in a line of its own. As ERR_REJECTED. */
struct err *reload_reply_error(struct bytes body);

#endif
