/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_WEBAPI_DIAL_H
#define TBOT_TRANSPORT_WEBAPI_DIAL_H

/* Calls of the proxy's web API with a connection of their own: dial, ask, hang up. */

#include "transport/webapi.h"

/* `insecure` accepts any web certificate. */
RESULT webapi_dial_find(const struct address *proxy, bool insecure, const struct ctx *ctx,
                        struct webapi_find *ret);

/* See webapi_register(). */
RESULT webapi_dial_register(const struct address *proxy, bool insecure,
                            const struct msg_register_request *request, const struct ctx *ctx,
                            struct msg_certs *ret);

#endif
