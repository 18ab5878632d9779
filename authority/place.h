/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_PLACE_H
#define TBOT_AUTHORITY_PLACE_H

/* A file named on the command line: its directory, which must exist, and its name in it. */

#include "base/dir.h"

struct place {
    struct dir *dir;
    char *name;
};

RESULT place_open(const char *path, struct place *ret);
void place_release(struct place *p);

/* Replaces the file as a whole; a new one is only its owner's (0600). */
RESULT place_write(const char *path, struct bytes content);

#endif
