/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_WEBAPI_H
#define TBOT_AUTHORITY_WEBAPI_H

/*
 * What is asked over HTTP: the proxy's discovery and join, and the auth server's few calls that were
 * HTTP up to version 15.
 */

#include "authority/authority.h"
#include "authority/http1.h"

#define WEBAPI_MAX_REPLY ((size_t)1 << 20)

enum webapi_port {
    WEBAPI_PORT_AUTH,
    WEBAPI_PORT_PROXY,
};

/*
 * Answers a request with JSON, added to `out`, and an HTTP status. Errors have the code to answer
 * with: webapi_error().
 */
RESULT webapi_handle(struct authority *a, enum webapi_port port, const struct peer *peer,
                     const struct http1_request *request, struct buf *out);

/* {"error":{"message":"…"}} */
RESULT webapi_error(const char *message, struct buf *out);

/* The path as counted and matched by faults: without the prefix /v1. */
const char *webapi_name(const struct http1_request *request);

#endif
