/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload cannot change. */
#include "agent/hooks.h"
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

/* The process that runs hooks knows those of the start. */
static RESULT hooks(const struct reload_question *q, struct reload_verdict *v)
{
    const char *service = NULL;
    if (hooks_same(q->running, v->next, &service))
        return NULL;
    TRY(strlist_add(&v->outcome.restart, "reload"));
    reload_outcome_fail(&v->outcome, err_new(ERR_CONFIG,
                                             "%s: key 'reload': of service '%s' is new or has "
                                             "changed, or its destination: restart needed",
                                             file_of(v->next), service));
    return NULL;
}

/* It is closed for good. */
static RESULT walls(const struct reload_question *q, struct reload_verdict *v)
{
    struct err *e = sandbox_check(q->sandbox, v->next);
    if (err_code(e) != ERR_CONFIG)
        return e;
    reload_outcome_fail(&v->outcome, e);
    return NULL;
}

RESULT reload_barriers(const struct reload_question *q, struct reload_verdict *v)
{
    TRY(keys(v));
    TRY(hooks(q, v));
    return walls(q, v);
}
