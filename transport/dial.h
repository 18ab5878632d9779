/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_DIAL_H
#define TBOT_TRANSPORT_DIAL_H

/*
 * From an address to a TLS stream, within the deadline and until cancelled.
 *
 * Every address the name resolves to is tried in turn, the time that is left shared between them. A
 * dial takes half a minute at most, whatever the caller's own deadline: nobody is there, then.
 * Resolving a name is the one step that neither deadline nor cancel can end (getaddrinfo(3)): workers
 * only. An error names the address and the step; its hint says where to look. Codes are those of
 * base/tls.h, ERR_UNAVAILABLE for everything below TLS, ERR_NOT_FOUND for a name that does not
 * exist.
 */

#include "base/ctx.h"
#include "base/tls.h"
#include "transport/address.h"

/* A connected, non-blocking socket; a dead peer is noticed within about two minutes. */
RESULT dial_tcp(const struct address *a, const struct ctx *ctx, int *ret_fd);

RESULT dial_tls(const struct address *a, const struct tls_client_config *config,
                const struct ctx *ctx, struct tls **ret);

#endif
