/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/answer.h"

static struct err *stand(const struct diag_facts *f, const struct diag_wait *w, bool as_tbot,
                         struct diag_answer *a)
{
    if (w->what == DIAG_WAIT_SERVING)
        return diag_answer_servez(f, w->service, a);
    return as_tbot ? diag_answer_readyz_tbot(f, w->service, a)
                   : diag_answer_readyz(f, w->service, a);
}

/* How things stand, under a code that says how the waiting ended. */
static struct err *stand_as(unsigned code, const struct diag_facts *f, const struct diag_wait *w,
                            bool as_tbot, struct diag_answer *a)
{
    TRY(stand(f, w, as_tbot, a));
    a->code = code;
    return NULL;
}

static struct err *hold(const struct diag_facts *f, const struct diag_wait *w,
                        struct diag_answer *a)
{
    if (!f->may_hold)
        return diag_answer_error(429, "too many are waiting already", a);
    a->is_held = true;
    a->ask_at = diag_wait_wake(w, f->health, f->now);
    return NULL;
}

RESULT diag_answer_wait(const struct diag_facts *f, const struct diag_wait *w, bool as_tbot,
                        struct diag_answer *a)
{
    switch (diag_wait_look(w, f->health, f->now)) {
    case DIAG_WAIT_ON:
        return hold(f, w, a);
    case DIAG_WAIT_MET:
        break;
    case DIAG_WAIT_LATE:
        return stand_as(504, f, w, as_tbot, a);
    case DIAG_WAIT_IN_VAIN:
        return stand_as(503, f, w, as_tbot, a);
    case DIAG_WAIT_UNKNOWN:
        return diag_answer_no_service(w->service, a);
    }
    return stand(f, w, as_tbot, a);
}
