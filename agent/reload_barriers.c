/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload cannot change. */
#include "agent/reload_judge.h"

static const char *file_of(const struct config *config)
{
    return config->file ? config->file : "command line";
}

/* Keys that are read at the start alone. */
static RESULT keys(struct reload_verdict *v)
{
    const struct strlist *differing = &v->diff.restart;
    for (size_t i = 0; i < differing->len; i++) {
        TRY(strlist_add(&v->outcome.restart, differing->items[i]));
        reload_outcome_fail(&v->outcome,
                            err_new(ERR_CONFIG, "%s: key '%s': has changed: restart needed",
                                    file_of(v->next), differing->items[i]));
    }
    return NULL;
}

RESULT reload_barriers(const struct reload_question *q, struct reload_verdict *v)
{
    (void)q;
    return keys(v);
}
