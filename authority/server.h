/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_SERVER_H
#define TBOT_AUTHORITY_SERVER_H

/*
 * The running program: an authority, its ports, its control socket, until a signal ends it.
 *
 * The main thread takes connections in and nothing else; each is served by a thread of its own.
 */

#include "authority/options.h"

/* Blocks until SIGTERM, SIGINT or the command "stop". Signals were blocked: loop_block_signals(). */
RESULT server_run(const struct options *options);

#endif
