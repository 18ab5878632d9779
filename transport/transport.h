/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_TRANSPORT_H
#define TBOT_TRANSPORT_TRANSPORT_H

/*
 * Life of the whole folder: gRPC is started once and kept, as stopping it gives nothing back.
 *
 * Block signals in the calling thread before transport_init() so that gRPC's threads inherit the
 * mask. It ignores SIGPIPE for the process: OpenSSL writes to sockets with write(2).
 */

#include "base/err.h"

/* `log` may be NULL; gets what gRPC has to say, from any thread. */
RESULT transport_init(void (*log)(const char *text));

/* After every channel and stream is freed. */
void transport_shutdown(void);

#endif
