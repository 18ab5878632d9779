/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DESTINATION_READERS_H
#define TBOT_AGENT_DESTINATION_READERS_H

/*
 * The `acls` and `readers` of a directory destination: for destination*.c only.
 *
 * destination_readers_prepare() finds out once whether the readers can be given access;
 * destination_readers_publish() then gives it to every file, or publishes plainly. acl.h says what
 * access that is.
 */

#include "agent/destination.h"

struct destination_readers {
    const struct config_destination *config;
    const struct entropy *entropy;
    bool are_given_access; /* the ACLs below were tried out and work */
    struct buf file_acl, dir_acl;
};

/* Both are borrowed. */
void destination_readers_init(struct destination_readers *r,
                              const struct config_destination *config,
                              const struct entropy *entropy);
void destination_readers_release(struct destination_readers *r);

/*
 * Tries an ACL out on a file with a random name and sets the directory's. What does not work is an
 * error under `required` and a warning under `try`.
 */
RESULT destination_readers_prepare(struct destination_readers *r, struct dir *dir,
                                   struct destination_report *report);

/* dir_publish(), or dir_generation_publish() as `atomic` says, with access for the readers. */
RESULT destination_readers_publish(struct destination_readers *r, struct dir *dir,
                                   const struct dir_file *files, size_t n_files,
                                   struct dir_published *ret);

#endif
