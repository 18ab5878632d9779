/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_PUMP_H
#define TBOT_AUTHORITY_PUMP_H

/*
 * Carries bytes between a TLS stream and a plain socket until one of them ends: gRPC's server sits
 * behind the plain one.
 */

#include "base/tls.h"

/* Blocks. `fd` is non-blocking and borrowed, as is the stream. */
void pump_run(struct tls *tls, int fd);

#endif
