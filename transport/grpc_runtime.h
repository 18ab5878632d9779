/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_GRPC_RUNTIME_H
#define TBOT_TRANSPORT_GRPC_RUNTIME_H

/*
 * gRPC's library, started and stopped. The files grpc_*.c are the only ones that include it.
 *
 * One thread sits in a completion queue for as long as gRPC runs: gRPC reads sockets only while
 * some thread waits in a queue, and an idle connection would neither answer pings nor see the
 * server's GOAWAY.
 */

#include "base/err.h"

/* Counted: each start wants one stop. */
RESULT grpc_runtime_start(void (*log)(const char *text));
void grpc_runtime_stop(void);

#endif
