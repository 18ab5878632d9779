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
    *ret_len = h ? h->table.len : 0;
    for (size_t i = 0; i < *ret_len; i++) {
        struct hook *k = &h->items[i];
        h->report[i] = (struct diag_hook){.service = k->entry->service,
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
    return h ? h->report : NULL;
}
