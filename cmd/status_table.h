/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_STATUS_TABLE_H
#define TBOT_CMD_STATUS_TABLE_H

/*
 * The agent's /status document as a person reads it: what runs, how it is, the authority, the identity,
 * and a line for each service, with the last error and its remedy below it. Times are told from the
 * document's own, so that a clock that is wrong here, or there, does not bend them.
 */

#include "base/buf.h"
#include "cmd/terminal.h"

/* Pure but for the printing. ERR_PROTOCOL when it is no such document. */
RESULT status_table_print(struct bytes document, const struct terminal *t, FILE *to);

/* Whether it says that the agent is ready: its state is "ok". */
RESULT status_table_is_ready(struct bytes document, bool *ret);

#endif
