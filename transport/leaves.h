/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_LEAVES_H
#define TBOT_TRANSPORT_LEAVES_H

/* The leaf clusters: by gRPC, or, of servers up to version 15, by HTTP. */

#include "transport/authapi.h"
#include "transport/connector.h"

/* Adds their names. `server_major` is the server's version; the channel of `api` has credentials. */
RESULT leaves_list(struct connector *c, const struct authapi *api, unsigned server_major,
                   const struct ctx *ctx, struct strlist *ret);

#endif
