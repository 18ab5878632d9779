/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_health.h"

#include <stdio.h>

/* One that recovers is not healthy yet, so that the word and the code agree. */
const char *diag_health_word(enum health_state s)
{
    return s == HEALTH_OK ? "healthy" : s == HEALTH_STARTING ? "initializing" : "unhealthy";
}

const char *diag_health_sentence(const struct diag_facts *f, enum health_state state,
                                 char out[DIAG_SENTENCE_SIZE])
{
    struct health_view v;
    const char *name = health_state_name(state);
    if (!f->with_details || state == HEALTH_OK)
        snprintf(out, DIAG_SENTENCE_SIZE, "%s", name);
    else if (state == HEALTH_STOPPING || !health_culprit(f->health, f->now, &v))
        snprintf(out, DIAG_SENTENCE_SIZE, "the agent is %s", name);
    else if (v.reason)
        snprintf(out, DIAG_SENTENCE_SIZE, "%s is %s: %s", v.name, name, v.reason);
    else
        snprintf(out, DIAG_SENTENCE_SIZE, "%s is %s", v.name, name);
    return out;
}

void diag_health_add(json_t *o, const struct health_view *v, bool with_details)
{
    diag_json_text(o, "status", diag_health_word(v->state));
    diag_json_text(o, "state", health_state_name(v->state));
    if (!with_details)
        return;
    diag_json_text(o, "reason", v->reason);
    diag_json_text(o, "code", v->reason ? err_code_name(v->code) : NULL);
    diag_json_text(o, "hint", v->hint);
    diag_json_time(o, "since", v->since);
    diag_json_time(o, "updated_at", v->updated_at);
    diag_json_time(o, "last_success", v->last_success);
    diag_json_number(o, "consecutive_failures", v->failures);
    diag_json_time(o, "next_attempt", v->next_attempt);
}
