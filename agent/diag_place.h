/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_DIAG_PLACE_H
#define TBOT_AGENT_DIAG_PLACE_H

/*
 * Where an agent's local diagnostics socket is: the one rule for the agent that listens and for the
 * commands that ask it. In this order:
 *
 *     diag_socket: PATH             there
 *     diag_socket: off              nowhere
 *     storage in a directory        STORAGE/diag.sock, from the present directory if it is relative
 *     $XDG_RUNTIME_DIR is set       $XDG_RUNTIME_DIR/tbot-diag.sock
 *     else                          /run/tbot/diag.sock
 */

#include "agent/config.h"

#define DIAG_PLACE_NAME "diag.sock"

/*
 * The path, the caller's; NULL: there is no socket. `config` has been validated. `get` is getenv(3), or a
 * test's. ERR_STORAGE, ERR_NOMEM: see agent/absolute_path.h.
 */
RESULT diag_place_socket(const struct config *config, char *(*get)(const char *name), char **ret);

#endif
