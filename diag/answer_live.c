/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer_json.h"

#include <stdio.h>

#define REASON_SIZE 96

/* What is wrong, or "". */
static const char *stall_reason(const struct diag_facts *f, char out[REASON_SIZE])
{
    char shown[DUR_SIZE];
    struct dur stalled = liveness_stalled(&f->liveness, f->now.mono);
    out[0] = '\0';
    if (stalled.ns > 0)
        snprintf(out, REASON_SIZE, "the main loop made no progress for %s",
                 dur_format(stalled, shown));
    return out;
}

RESULT diag_answer_livez(const struct diag_facts *f, struct diag_answer *a)
{
    char reason[REASON_SIZE];
    bool is_alive = !*stall_reason(f, reason);
    a->code = is_alive ? 200 : 500;
    a->content_type = DIAG_TYPE_TEXT;
    return buf_add_str(&a->body, is_alive ? "OK" : reason);
}

RESULT diag_answer_healthz(const struct diag_facts *f, struct diag_answer *a)
{
    char reason[REASON_SIZE];
    bool is_alive = !*stall_reason(f, reason);
    json_t *o = json_object();
    diag_json_text(o, "status", is_alive ? "ok" : reason);
    return diag_json_finish(o, is_alive ? 200 : 500, a);
}
