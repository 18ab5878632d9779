/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_STATUS_H
#define TBOT_AUTHORITY_STATUS_H

/*
 * How an error of ours goes out on the wire: as a gRPC status or an HTTP status. The same kinds map
 * to the same codes in a Teleport cluster.
 */

#include "base/err.h"

/* Codes of gRPC that we name. */
#define STATUS_OK 0
#define STATUS_UNKNOWN 2
#define STATUS_PERMISSION_DENIED 7
#define STATUS_UNIMPLEMENTED 12

int status_of_err(enum err_code code);
int status_http_of_err(enum err_code code);

/* "PERMISSION_DENIED" or "7"; false for what is no code of gRPC. */
bool status_parse(const char *text, int *ret);

/* A fault's gRPC code as seen by a client of HTTP. */
int status_http_of_grpc(int code);

#endif
