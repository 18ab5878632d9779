/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ANSWER_JSON_H
#define TBOT_DIAG_ANSWER_JSON_H

/*
 * JSON of answers, for diag/answer_*.c alone. What is not known is left out. A full memory shows at
 * the end: diag_json_finish().
 */

#include "diag/answer.h"

#include <jansson.h>

/* `text` NULL: left out. Text that is not UTF-8 is replaced as a whole. */
void diag_json_text(json_t *object, const char *key, const char *text);

/* WALL_NONE and WALL_NEVER: left out. */
void diag_json_time(json_t *object, const char *key, struct wall t);

void diag_json_number(json_t *object, const char *key, int64_t n);
void diag_json_flag(json_t *object, const char *key, bool is_set);

/* Takes `o` over, also when it fails. NULL stands for no memory. */
RESULT diag_json_finish(json_t *o, unsigned code, struct diag_answer *a);

#endif
