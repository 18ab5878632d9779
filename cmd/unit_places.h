/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_UNIT_PLACES_H
#define TBOT_CMD_UNIT_PLACES_H

/*
 * What of the filesystem an agent with this configuration needs, in the terms of a unit that denies
 * everything else. Pure: nothing is looked at.
 *
 *     CLEANUP(unit_places_release) struct unit_places places = {0};
 *     TRY(unit_places_find(config, &places));
 */

#include "agent/config.h"

struct unit_places {
    char *state;   /* below /var/lib: systemd makes it and gives it to the user; NULL: none */
    char *runtime; /* the same below /run */
    /* Directories to write into beside those two; none is within another that comes before it. */
    struct strlist writable;
    char *socket; /* where the agent can be asked; NULL: nowhere */
    /* The file with the join token that the configuration names; borrowed. NULL: there is none, or it is a
     * credential that somebody else hands over. */
    const char *token;
    bool sees_home; /* something is where ProtectHome=yes would hide it */
    bool signals;   /* a hook signals a process, which is likely to be another user's */
};
void unit_places_release(struct unit_places *p);

/*
 * `config` has been validated. ERR_CONFIG for what cannot work in a unit: relative paths, places in
 * /tmp, of which the agent has one of its own, and names that a unit cannot carry.
 */
RESULT unit_places_find(const struct config *config, struct unit_places *ret);

/* The same for another file that the agent has to find, such as its configuration. */
RESULT unit_places_add_read(struct unit_places *p, const char *what, const char *path);

#endif
