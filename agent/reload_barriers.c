/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload cannot change. */
#include "agent/hooks.h"
#include "agent/reload_judge.h"

/* `what` names it for programs: a key of the configuration, or what of the agent stands in the way. */
static void refuse(struct reload_verdict *v, const char *what, struct err *why)
{
    if (!why)
        return;
    err_ignore(strlist_add(&v->outcome.restart, what), "the error says it too");
    reload_outcome_fail(&v->outcome, why);
}

static const char *file_of(const struct config *config)
{
    return config->file ? config->file : "command line";
}

static struct err *read_at_start(const struct config *next, const char *key)
{
    return err_new(ERR_CONFIG, "%s: key '%s': has changed: restart needed", file_of(next), key);
}

/* The process that runs hooks knows those of the start, also of services that have gone since. */
static struct err *hooks(const struct reload_question *q, const struct config *next)
{
    const char *service = NULL;
    if (hooks_same(q->started, next, &service))
        return NULL;
    return err_new(ERR_CONFIG,
                   "%s: key 'reload': of service '%s' is new or has changed, or its destination: "
                   "restart needed",
                   file_of(next), service);
}

void reload_barriers(const struct reload_question *q, struct reload_verdict *v)
{
    const struct strlist *keys = &v->diff.restart;
    for (size_t i = 0; i < keys->len; i++)
        refuse(v, keys->items[i], read_at_start(v->next, keys->items[i]));
    refuse(v, "reload", hooks(q, v->next));
    refuse(v, "sandbox", sandbox_check(q->sandbox, v->next)); /* it is closed for good */
}
