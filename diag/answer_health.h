/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ANSWER_HEALTH_H
#define TBOT_DIAG_ANSWER_HEALTH_H

/* How services stand, in words and JSON, for diag/answer_*.c alone: the same in every answer. */

#include "diag/answer_json.h"

/* tbot's three words: "healthy", "unhealthy", "initializing". */
const char *diag_health_word(enum health_state s);

#define DIAG_SENTENCE_SIZE 512

/* One sentence on the whole agent: which part, and why. Without details the state alone. */
const char *diag_health_sentence(const struct diag_facts *f, enum health_state state,
                                 char out[DIAG_SENTENCE_SIZE]);

/* Adds what `v` says of its service to `o`; a stranger gets the state alone. */
void diag_health_add(json_t *o, const struct health_view *v, bool with_details);

#endif
