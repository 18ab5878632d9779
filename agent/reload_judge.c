/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload_judge.h"

#include "agent/check_private.h"

void reload_verdict_release(struct reload_verdict *v)
{
    config_free(v->next);
    config_diff_release(&v->diff);
    reload_outcome_release(&v->outcome);
    *v = (struct reload_verdict){0};
}

/*
 * However many outputs ask the API server of Kubernetes, and nobody answers: what is said then is that, and
 * not that something hangs.
 */
#define ASKING_LIMIT_S 20

/* A finding of the checks: what would fail is an error of the configuration, what is odd a warning. */
static void take_finding(void *arg, const struct check_result *r)
{
    struct reload_outcome *o = arg;
    struct err *e = err_new(ERR_STORAGE, "%s '%s': %s", r->name, r->subject, r->message);
    if (r->hint)
        e = err_set_hint(e, "%s", r->hint);
    if (r->status == CHECK_FAILED) {
        reload_outcome_fail(o, e);
        return;
    }
    CLEANUP(freep) char *text = err_text(e);
    err_free(e);
    if (r->status == CHECK_WARNING && text)
        err_ignore(strlist_add(&o->warnings, text), "a warning less");
}

static void check_destinations(const struct reload_question *q, struct reload_verdict *v)
{
    const struct check_sink sink = {.add = take_finding, .arg = &v->outcome};
    const struct ctx endless = {q->clock, q->stop, MONO_NEVER};
    const struct ctx within = ctx_until(&endless, dur_s(ASKING_LIMIT_S));
    CLEANUP(check_release)
    struct check check = {.sink = &sink, .clock = q->clock, .within = &within};
    size_t n_new = 0;
    for (size_t i = 0; i < v->diff.n_services; i++) {
        if (v->diff.services[i].change == CONFIG_KEPT)
            continue;
        n_new++;
        check_output(&check, &v->next->services[i]);
    }
    if (n_new > 0)
        check_clash(&check, v->next);
}

static RESULT judge(const struct reload_question *q, struct reload_verdict *v)
{
    TRY(q->source.read(q->source.arg, &v->next));
    TRY(strlist_copy(&v->outcome.warnings, &v->next->warnings));
    TRY(config_diff_make(q->running, v->next, &v->diff));
    reload_barriers(q, v);
    check_destinations(q, v);
    return reload_outcome_describe(&v->outcome, q->running, v->next, &v->diff);
}

void reload_judge(const struct reload_question *q, struct reload_verdict *ret)
{
    struct err *e = q->source.read
                        ? judge(q, ret)
                        : err_new(ERR_CONFIG, "the configuration cannot be read a second time");
    if (e)
        reload_outcome_fail(&ret->outcome, e);
}
