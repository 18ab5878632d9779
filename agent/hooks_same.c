/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hooks_private.h"
#include "diag/core/agent_metrics.h"

#include "base/text.h"

#include <string.h>

/* The destination is in the command's environment. */
static bool same_hook(const struct config_service *a, const struct config_service *b)
{
    return strlist_equals(&a->hook.command, &b->hook.command) &&
           a->hook.timeout.ns == b->hook.timeout.ns &&
           text_equals(a->hook.pid_file, b->hook.pid_file) && a->hook.signal == b->hook.signal &&
           a->destination.type == b->destination.type &&
           text_equals(a->destination.path, b->destination.path);
}

static bool has_hook(const struct config *config, const struct config_service *wanted)
{
    for (size_t i = 0; i < config->n_services; i++)
        if (strcmp(config->services[i].name, wanted->name) == 0)
            return same_hook(&config->services[i], wanted);
    return false;
}

bool hooks_same(const struct config *running, const struct config *next, const char **ret_service)
{
    for (size_t i = 0; i < next->n_services; i++) {
        const struct config_service *s = &next->services[i];
        if (!config_hook_is_given(&s->hook) || has_hook(running, s))
            continue;
        *ret_service = s->name;
        return false;
    }
    return true;
}

static bool is_in(const struct config *config, const char *service)
{
    for (size_t i = 0; i < config->n_services; i++)
        if (strcmp(config->services[i].name, service) == 0)
            return config_hook_is_given(&config->services[i].hook);
    return false;
}

static void adopt(struct hook *k, const struct config *config)
{
    bool was_away = k->is_away;
    k->is_away = !is_in(config, k->entry->service);
    if (k->is_away) {
        hook_plan_stop(&k->plan);
        loop_timer_clear(k->all->use.loop, &k->timer);
    } else if (was_away) {
        agent_metrics_expect_hook(k->all->use.metrics, k->entry->service);
    }
}

void hooks_adopt(struct hooks *h, const struct config *config)
{
    for (size_t i = 0; h && i < h->table.len; i++)
        adopt(&h->items[i], config);
}
