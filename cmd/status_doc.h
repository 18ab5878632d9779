/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_STATUS_DOC_H
#define TBOT_CMD_STATUS_DOC_H

/*
 * The agent's /status document as a tree to read from, for cmd/status_*.c alone. What is not in it
 * is not known to the agent: absent texts and times are NULL and WALL_NONE, never an error.
 */

#include "base/buf.h"
#include "base/clock.h"

#include <jansson.h>

/* Every text is made fit for a terminal (cmd/plain_text.h). ERR_PROTOCOL: no JSON object. */
RESULT status_doc_parse(struct bytes text, json_t **ret);

/* Borrowed. `object` may be NULL. */
const char *status_doc_text(const json_t *object, const char *key);
struct wall status_doc_time(const json_t *object, const char *key);

/* RFC 3339 in UTC, to the second: "2026-01-02T03:04:05Z". WALL_NONE for anything else. */
struct wall status_doc_parse_time(const char *text);

/* How long from now, or since: the two largest units that matter to a person, "43m", "3h12m". */
char *status_doc_span(struct dur d, char out[DUR_SIZE]);

#endif
