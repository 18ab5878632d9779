/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_STATUS_MAP_H
#define TBOT_TRANSPORT_STATUS_MAP_H

/*
 * What the cluster's answers mean to us: one table from gRPC and HTTP status to our codes.
 *
 * Codes decide; text refines one thing only: a refusal because of a lock, or because the identity
 * was used twice (which locks), is ERR_LOCKED and not ERR_DENIED.
 */

#include "base/err.h"

/* The error for gRPC status `status` (not OK) with the server's text, which may be empty. */
RESULT status_map_grpc(int status, const char *text);

/* The error for HTTP status `status` (not 2xx) with the server's text, which may be empty. */
RESULT status_map_http(unsigned status, const char *text);

/* "UNAVAILABLE" */
const char *status_map_grpc_name(int status);

#endif
