/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_VERSION_H
#define TBOT_TRANSPORT_VERSION_H

/* A server's semantic version, as it writes it: "15.4.2", "18.0.0-rc.1". */

#include "base/err.h"

#define VERSION_SIZE 64

/* The servers this program is made for, by their first number. */
#define VERSION_OLDEST 15
#define VERSION_NEWEST 18

/* The first number. ERR_PROTOCOL when there is none. */
RESULT version_major(const char *version, unsigned *ret);

/*
 * Whether it can be sent as our own: servers from version 16 refuse a client whose version they
 * cannot parse, and let one pass that sends none.
 */
bool version_is_sendable(const char *version);

#endif
