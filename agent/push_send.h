/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_PUSH_SEND_H
#define TBOT_AGENT_PUSH_SEND_H

/*
 * Sends metrics to one target, over a connection of their own. Blocks within `ctx`; for a worker.
 *
 * Graphite says nothing back: the lines count as sent when it closes the connection after our end of it, or
 * keeps quiet for a while; one that breaks it off has not taken them. An URL has taken them with a status
 * from 200 to 299. Over https:// the server is verified with the system's roots. No redirect is followed.
 *
 * Errors: those of transport/dial.h and transport/http.h, and ERR_REJECTED for another status; none names
 * more of an URL than its host.
 */

#include "agent/push_target.h"
#include "base/buf.h"
#include "base/ctx.h"

RESULT push_send(const struct push_target *target, struct bytes text, const struct ctx *ctx);

#endif
