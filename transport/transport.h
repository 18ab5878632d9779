/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_TRANSPORT_H
#define TBOT_TRANSPORT_TRANSPORT_H

/*
 * Life of the whole folder: gRPC is started once and kept, as stopping it gives nothing back.
 *
 * Block signals in the calling thread before transport_init() so that gRPC's threads inherit the
 * mask. It ignores SIGPIPE for the process: OpenSSL writes to sockets with write(2).
 */

#include "transport/address.h"

/* `log` may be NULL; gets what gRPC has to say, from any thread. */
RESULT transport_init(void (*log)(const char *text));

/* After every channel and stream is freed. */
void transport_shutdown(void);

/*
 * Refuses environment variables that ask for a way to the cluster we do not build: an HTTP CONNECT
 * proxy for `target` (unless NO_PROXY or a loopback address leaves it out), the connection upgrade,
 * another tunnel address. `get` is getenv(3). ERR_CONFIG, naming the variable.
 */
RESULT transport_check_environment(const struct address *target, char *(*get)(const char *name));

#endif
