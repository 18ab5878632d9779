/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_SUGGEST_H
#define TBOT_AGENT_CONFIG_SUGGEST_H

/*
 * "Did you mean …?": the nearest of a set of names, fed one by one.
 *
 *     struct config_suggest s = { .wrong = "credental_ttl" };
 *     config_suggest_try(&s, "credential_ttl");
 *     s.best                                       NULL when nothing is near enough
 */

struct config_suggest {
    const char *wrong;
    const char *best;       /* borrowed from the names that were tried */
    unsigned best_distance; /* private */
};

void config_suggest_try(struct config_suggest *s, const char *name);

#endif
