/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reload_outcome.h"

#include <stdio.h>
#include <string.h>

void reload_outcome_release(struct reload_outcome *o)
{
    strlist_release(&o->added);
    strlist_release(&o->changed);
    strlist_release(&o->removed);
    strlist_release(&o->warnings);
    strlist_release(&o->errors);
    strlist_release(&o->restart);
    *o = (struct reload_outcome){0};
}

RESULT reload_outcome_describe(struct reload_outcome *o, const struct config *running,
                               const struct config *next, const struct config_diff *diff)
{
    o->n_kept = config_diff_count(diff, CONFIG_KEPT);
    for (size_t i = 0; i < diff->n_services; i++) {
        enum config_change change = diff->services[i].change;
        if (change == CONFIG_ADDED)
            TRY(strlist_add(&o->added, next->services[i].name));
        if (change == CONFIG_CHANGED)
            TRY(strlist_add(&o->changed, next->services[i].name));
    }
    for (size_t i = 0; i < diff->n_removed; i++)
        TRY(strlist_add(&o->removed, running->services[diff->removed[i]].name));
    return NULL;
}

static struct err *add_lines(struct reload_outcome *o, const struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    CLEANUP(buf_release) struct buf last = BUF_INIT(CONFIG_MAX_SIZE);
    if (!text)
        return err_nomem();
    char *line = text, *end;
    for (; (end = strchr(line, '\n')); line = end + 1)
        TRY(strlist_add_n(&o->errors, line, (size_t)(end - line)));
    TRY(buf_add_str(&last, line));
    if (err_hint(e))
        TRY(buf_printf(&last, ". %s", err_hint(e)));
    return strlist_add(&o->errors, buf_str(&last));
}

void reload_outcome_fail(struct reload_outcome *o, struct err *e)
{
    CLEANUP(err_freep) struct err *owned = e;
    o->has_failed = true;
    err_ignore(add_lines(o, owned), "without memory the summary says so");
}

char *reload_outcome_summary(const struct reload_outcome *o, char out[RELOAD_SUMMARY_SIZE])
{
    out[0] = '\0';
    if (o->has_failed && o->errors.len <= 1)
        snprintf(out, RELOAD_SUMMARY_SIZE, "%s",
                 o->errors.len ? o->errors.items[0] : "out of memory");
    else if (o->errors.len > 1)
        snprintf(out, RELOAD_SUMMARY_SIZE, "%s (and %zu more)", o->errors.items[0],
                 o->errors.len - 1);
    return out;
}
