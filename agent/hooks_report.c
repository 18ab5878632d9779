/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hooks_private.h"

static const char *state_of(const struct hook *k)
{
    if (k->plan.is_running)
        return "running";
    return k->plan.is_planned ? "waiting" : "idle";
}

const struct diag_hook *hooks_report(struct hooks *h, struct now now, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; h && i < h->table.len; i++) {
        const struct hook *k = &h->items[i];
        if (k->is_away)
            continue;
        h->report[n++] = (struct diag_hook){.service = k->entry->service,
                                            .kind = hook_table_kind(k->entry),
                                            .target = hook_table_target(k->entry),
                                            .state = state_of(k),
                                            .last_run = k->last_run,
                                            .last_success = k->last_success,
                                            .next_attempt = wall_at(now, hook_plan_wake(&k->plan)),
                                            .failures = k->failures,
                                            .error = k->error_text,
                                            .hint = k->error ? err_hint(k->error) : NULL};
    }
    *ret_len = n;
    return h ? h->report : NULL;
}
