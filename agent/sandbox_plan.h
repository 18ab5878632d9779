/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SANDBOX_PLAN_H
#define TBOT_AGENT_SANDBOX_PLAN_H

/*
 * Which files an agent with this configuration needs, and for what: what the sandbox is closed around.
 * Pure: looks at no file.
 *
 *     CLEANUP(sandbox_plan_release) struct sandbox_plan plan = {0};
 *     TRY(sandbox_plan_make(&plan, config, &outside));
 *     TRY(landlock_allow(…)) for each of plan.items                     agent/sandbox.c
 *     if (!sandbox_covers(&entered, &plan, &path)) ...                  at a reload: restart needed
 *
 * It is read: the configuration, what it names (tokens, CAs, keys), the system's own files for looking up
 * names, users and roots of trust. It is written: the storage and the destinations, nothing else.
 *
 * A file that is replaced is another one, and a right belongs to the file, not to its name. So for each
 * file that somebody may replace, the directory it is in can be read. That is why all of /etc can be: resolv.conf,
 * hosts, passwd and bundles of CAs are replaced there while the agent runs.
 */

#include "agent/config.h"
#include "base/landlock.h"

enum sandbox_kind {
    SANDBOX_AS_IS, /* what is there at the start, if it is; links are followed */
    SANDBOX_PLACE, /* a directory of ours: made where it is missing */
    SANDBOX_FILE,  /* replaced by others: the directory of what it leads to counts too */
};

struct sandbox_path {
    enum sandbox_kind kind;
    unsigned rights; /* enum landlock_right */
    enum symlink_policy symlinks;
    char *path; /* absolute; no "//", no "/./" and no "/" at the end */
};

struct sandbox_plan {
    struct sandbox_path *items;
    size_t len;
    bool moves; /* something is moved, or linked, from directory to directory */
};

/* What is not in the configuration. Borrowed. */
struct sandbox_outside {
    char *(*get)(const char *name); /* getenv(3), or a test's */
    const char *program;            /* the file of our own program; NULL: not known */
    const char *roots_file;         /* the system's roots of trust: a file, and */
    const char *roots_dirs;         /* directories, with ':' between them */
    const struct strlist *more;     /* written too: for services that a reload adds; NULL: none */
};

/* `config` has been validated. ERR_NOMEM; ERR_STORAGE, ERR_CONFIG: a place cannot be told. */
RESULT sandbox_plan_make(struct sandbox_plan *plan, const struct config *config,
                         const struct sandbox_outside *outside);
void sandbox_plan_release(struct sandbox_plan *plan);

/*
 * Whether a sandbox closed around `entered` is enough for `next`. If not, *ret_path is the first path of
 * `next` that is outside; it is next's. A path with ".." in it is inside only where it is entered by that
 * very text: what it leads to cannot be told from it.
 */
bool sandbox_covers(const struct sandbox_plan *entered, const struct sandbox_plan *next,
                    const char **ret_path);

#endif
