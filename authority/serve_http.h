/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_SERVE_HTTP_H
#define TBOT_AUTHORITY_SERVE_HTTP_H

/* One HTTP request over a TLS stream, with the faults that concern it. */

#include "authority/serve.h"
#include "authority/webapi.h"

RESULT serve_http(const struct serve_config *config, struct conn *conn, struct tls *tls,
                  enum webapi_port port, const struct peer *peer);

#endif
