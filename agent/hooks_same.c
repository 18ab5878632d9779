/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hooks.h"

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
