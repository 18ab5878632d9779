/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PATH_MEMORY_H
#define TBOT_TRANSPORT_PATH_MEMORY_H

/*
 * What is learnt about reaching the cluster outlives the process: `path.json` in the bot's storage
 * directory. The next start tries the way that worked last before any other, also when it starts in
 * an outage, and knows whether its settings have ever worked.
 *
 *     TRY(path_memory_open(&config, &ignored, &m));    reads; `ignored` is for the log
 *     path_memory_learn(m, &news);                     cheap, from any thread
 *     TRY(path_memory_save(m, now));                   writes, if there is anything new
 *
 * The file is a convenience, never a condition: one that cannot be read, is cut, of another version
 * or of other settings, belongs to somebody else or can be written by others, is ignored, stays where
 * it is, and is replaced by the first thing that is learnt anew. It holds no secret.
 *
 * Threads: all but open and free from any thread. Only open and save touch the disk, and save holds
 * no lock that another function waits for: a disk that hangs holds up nobody who dials.
 */

#include "base/dir.h"
#include "transport/path_file.h"

#define PATH_MEMORY_FILE "path.json"

struct path_memory;

struct path_memory_config {
    const char *dir; /* an existing directory; NULL: what is learnt ends with the process */
    enum symlink_policy symlinks;
    const char *settings; /* path_settings_hash() of the present settings */
    enum path_kind kind;
};

/* *ret_ignored is NULL, or says why the file that is there is not used; the caller's. */
RESULT path_memory_open(const struct path_memory_config *config, struct err **ret_ignored,
                        struct path_memory **ret);
void path_memory_free(struct path_memory *m); /* accepts NULL */
DEFINE_FREEP(path_memory)

/* All that is known. */
void path_memory_get(struct path_memory *m, struct path_file *ret);

/* Members that are NULL or "" stay as they were; the suite goes with the version. */
struct path_news {
    const char *cluster;
    const char *server_version;
    enum suite suite;
    const enum route *route;
    const char *proven; /* path_settings_join_hash() of what has just worked */
};
void path_memory_learn(struct path_memory *m, const struct path_news *news);

/*
 * Replaces the file as a whole if something was learnt since. Nothing happens while another thread is
 * at it: the next save catches up. A failure is returned once, and not again before a save has
 * succeeded; what was not written stays to be.
 */
RESULT path_memory_save(struct path_memory *m, struct wall now);

#endif
