/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_CMD_UNIT_ADVICE_H
#define TBOT_CMD_UNIT_ADVICE_H

/*
 * What a person still does for a unit to run. Looks at accounts, the configuration's mode and directories;
 * changes nothing.
 */

#include "cmd/unit.h"

#include <stdio.h>
#include <sys/types.h>

struct unit_accounts {
    uid_t user;
    gid_t group;
};

/* ERR_CONFIG for a user or group that this machine does not have, with the command that makes it. */
RESULT unit_advice_accounts(const struct unit *unit, struct unit_accounts *ret);

/*
 * Prints the commands that lead from the file to a running unit. Directories that the configuration writes
 * into and that are missing are among them, and rights that the configuration lacks. ERR_NOMEM, and as
 * unit_places_find().
 */
RESULT unit_advice_print(const struct unit *unit, const struct unit_accounts *accounts, FILE *to);

#endif
