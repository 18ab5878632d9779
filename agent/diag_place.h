/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DIAG_PLACE_H
#define TBOT_AGENT_DIAG_PLACE_H

/*
 * Where the local diagnostics socket is: the one rule, for the agent, which makes it, and for the
 * commands that look for it.
 *
 *     `diag_socket`      a path is that path, `off` is none; not given:
 *     storage            a directory: STORAGE/diag.sock
 *     memory             $XDG_RUNTIME_DIR/tbot/diag.sock, or /run/tbot/diag.sock without that variable
 *
 * Two agents of one user that both store in memory would share the last of these: the second is to be
 * given a `diag_socket`.
 */

#include "agent/config.h"

#define DIAG_PLACE_NAME "diag.sock"
#define DIAG_PLACE_OFF "off"

struct diag_place {
    const struct config_destination *storage; /* not given: CONFIG_DEFAULT_STORAGE */
    const char *setting;                      /* `diag_socket`; NULL or "": not given */
    const char *runtime_dir; /* $XDG_RUNTIME_DIR, or NULL; one that is not absolute is ignored */
    const char *cwd;         /* what a relative path starts from */
};

/*
 * Pure. *ret is an absolute path, the caller's, or NULL: there is to be none. ERR_CONFIG: the path is
 * longer than that of a socket may be.
 */
RESULT diag_place_decide(const struct diag_place *in, char **ret);

/* The same with this process' environment and working directory. */
RESULT diag_place_socket(const struct config_destination *storage, const char *setting, char **ret);

/* Makes the directory that `path` is to be in, for us alone, where it is missing. */
RESULT diag_place_prepare(const char *path);

#endif
