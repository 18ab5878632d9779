/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_DIAG_GOAL_H
#define TBOT_CMD_DIAG_GOAL_H

/*
 * What `tbot readyz` asks for and `tbot wait` waits for: that the agent, or one of its services, is
 * ready (in touch and up to date), or serving (consumers can be given valid credentials, however stale).
 */

#include "base/buf.h"

#include <stdio.h>

struct diag_goal {
    const char *service; /* NULL: all */
    const char *what;    /* "ready", "serving"; NULL: ready */
};

/* For the table of an option. */
extern const char *const diag_goal_choices[];

/* "ready" for NULL. */
const char *diag_goal_what(const struct diag_goal *g);

/* "/readyz", "/servez/web": the page that answers at once. */
RESULT diag_goal_page(const struct diag_goal *g, struct buf *out);

/*
 * Prints what the agent's answer says in one sentence, and, where it says no, the remedy below it:
 *
 *     not ready: identity is degraded: no answer from 'teleport.example.com:443'
 *       -> Is the address right? …
 */
void diag_goal_print(const struct diag_goal *g, bool is_reached, struct bytes body, FILE *to);

/* The sentence alone, or NULL; the caller frees it. */
char *diag_goal_reason(struct bytes body);

#endif
