/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_DIFF_H
#define TBOT_AGENT_CONFIG_DIFF_H

/*
 * What another configuration would change of the running one: pure, see agent/reload_judge.h for who asks.
 *
 *     CLEANUP(config_diff_release) struct config_diff diff = {0};
 *     TRY(config_diff_make(running, next, &diff));
 *     if (diff.restart.len > 0) ...            these keys cannot change while the agent runs
 *     diff.services[i].change                  of each service of `next`
 *
 * A service is known by its name, also by an automatic one. It is kept if all of it is the same, in
 * whatever order the file has it, with the lifetime and the interval that it has from the top level. Places
 * in the file and comments say nothing.
 *
 * The schema's tables are what is compared: a key that is added to them is compared without a word here.
 */

#include "agent/config.h"

enum config_change {
    CONFIG_KEPT,
    CONFIG_CHANGED,
    CONFIG_ADDED,
};

/* A service of the new configuration. */
struct config_diff_service {
    enum config_change change;
    size_t was;          /* its place in the running one, unless it is added */
    struct strlist keys; /* CHANGED: what differs, "destination.path" */
};

struct config_diff {
    struct config_diff_service *services; /* in the order of the new configuration */
    size_t n_services;
    size_t *removed; /* places in the running one */
    size_t n_removed;
    bool has_new_times;     /* credential_ttl or renewal_interval of the bot itself */
    struct strlist restart; /* keys that differ and are read at the start alone, "storage.path" */
};

/* Both are validated. ERR_NOMEM. */
RESULT config_diff_make(const struct config *running, const struct config *next,
                        struct config_diff *ret);
void config_diff_release(struct config_diff *d);

size_t config_diff_count(const struct config_diff *d, enum config_change change);

#endif
