/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_RESOLVE_H
#define TBOT_TRANSPORT_RESOLVE_H

/*
 * From a host name to socket addresses, within the deadline and until cancelled.
 *
 * getaddrinfo(3) can be ended by neither, and hangs for as long as name servers are silent. So it runs in
 * a thread of its own, which is left behind when the time is up, and ends when the resolver does.
 */

#include "base/ctx.h"
#include "transport/address.h"

#include <netdb.h>

/*
 * At least one address; the caller frees the list (freeaddrinfo()). ERR_UNAVAILABLE when nobody tells, or
 * nobody knows the name (yet), ERR_TIMEOUT, ERR_CANCELLED.
 */
RESULT resolve(const struct address *a, const struct ctx *ctx, struct addrinfo **ret);

#endif
