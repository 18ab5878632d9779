/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SANDBOX_H
#define TBOT_AGENT_SANDBOX_H

/*
 * The sandbox the agent runs in: Landlock for files, a seccomp filter for system calls. It is closed before
 * there is a second thread and before anything was received from anybody; nothing opens it again.
 *
 *     TRY(sandbox_enter(&config, &sandbox));           after the configuration is known and helpers run
 *     setup.sandbox = sandbox; TRY(agent_run(&setup));
 *     TRY(sandbox_check(sandbox, next));               at a reload
 *     sandbox_free(sandbox);
 *
 * A kernel that lacks one of the two, or both, is no error: the agent runs with what there is, logs what is
 * missing, and status tells. docs/sandbox.md is the manual for operators.
 *
 * Threads: it is entered while there is one. Nothing changes afterwards, so any may ask.
 */

#include "agent/sandbox_plan.h"
#include "diag/core/log.h"

struct sandbox;

struct sandbox_config {
    const struct config *config; /* validated */
    struct log *log;
    const struct strlist
        *more;            /* directories that are written too; borrowed for the sandbox's life */
    bool is_unwanted;     /* --no-sandbox */
    bool reaches_by_name; /* somebody else's socket of the abstract namespace is needed */
};

/* How it stands. NULL as a reason: it is on. */
struct sandbox_state {
    const char *no_landlock, *no_seccomp;
    int landlock_version; /* of the kernel; 0 where it is off */
};

/*
 * Makes the directories of storage and destinations that are missing, loads what would be loaded later, and
 * closes. Errors are of memory only, and of paths that cannot be told: nothing is closed then.
 */
RESULT sandbox_enter(const struct sandbox_config *config, struct sandbox **ret);
void sandbox_free(struct sandbox *s); /* accepts NULL; opens nothing */
DEFINE_FREEP(sandbox)

/* Lives as long as `s`, which may be NULL: nobody asked for one. */
struct sandbox_state sandbox_state(const struct sandbox *s);

/*
 * Whether an agent with this configuration could live here. ERR_CONFIG: it needs a path outside, and a
 * restart. `s` may be NULL. Touches no file.
 */
RESULT sandbox_check(const struct sandbox *s, const struct config *next);

#endif
