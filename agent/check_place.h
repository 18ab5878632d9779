/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CHECK_PLACE_H
#define TBOT_AGENT_CHECK_PLACE_H

/*
 * A directory that something is to be written into, as the system describes it: found by looking
 * only, for check*.c.
 *
 * Errors are what opening the directory would give: a symbolic link that is not allowed, something
 * that is no directory, no right to pass. That it is missing is none, as we would make it.
 */

#include "base/dir.h"

struct check_place {
    struct dir *dir; /* the directory; where it is missing, the nearest one above that is there */
    bool is_missing;
    int denied; /* why nothing can be made in `dir`, an errno; 0: it can */
    uid_t owner;
    mode_t mode;     /* permission bits */
    bool is_roomy;   /* the filesystem does not say how much room there is */
    uint64_t room;   /* bytes that are free for us */
    bool has_inodes; /* further files can be made */
};

RESULT check_place_look(const char *path, enum symlink_policy symlinks, struct check_place *ret);
void check_place_release(struct check_place *p);

/* ERR_STORAGE, with a remedy, where nothing can be made there. `path` is as it was looked at. */
RESULT check_place_writable(const struct check_place *p, const char *path);

/* ERR_STORAGE when fewer than `bytes` are free, or no file can be made. */
RESULT check_place_room(const struct check_place *p, uint64_t bytes);

/* "12.3 GB", for messages. */
#define CHECK_SIZE_TEXT 32
char *check_size_text(uint64_t bytes, char out[CHECK_SIZE_TEXT]);

#endif
